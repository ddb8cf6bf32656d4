"""Nothing tells about a machine or a person, and what the README says to type exists."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import typer.main
import yaml

from chatkit.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
MACHINE = re.compile(r"(?<![\w/.])/(?:root|work|Users|home)/[a-z]\w*")
EXPLAINED = {"tests/project/test_hygiene.py"}
DEFINED = re.compile(r"^(?:async def|def|class) (\w+)|^([A-Z]\w*)(?:: [^=\n]+)? =", re.M)
FOUND_BY_BASE_CLASS = re.compile(r"^class (\w+)\((?:Provider|ResourceType)\b", re.M)
FOR_TESTS = ("BY_NAME", "CLEAN_UP")
VERBS = re.compile(r"(?:^|`|\s)(?:python3 -m )?chatkit ((?:local |func )?[a-z]+(?:-[a-z]+)*)")


def tracked() -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    ).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def readme_code() -> str:
    """Fenced blocks and inline code of the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return "\n".join(
        [*re.findall(r"```(?:\w*)\n(.*?)```", text, re.S), *re.findall(r"`([^`\n]+)`", text)]
    )


def verbs() -> set[str]:
    command = typer.main.get_command(app)
    groups: dict[str, object] = getattr(command, "commands", {})
    below = {
        f"{name} {verb}"
        for name, group in groups.items()
        for verb in getattr(group, "commands", {})
    }
    return set(groups) | below


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    """A path of one machine is wrong on every other."""
    found = []
    for path in tracked():
        if str(path.relative_to(ROOT)) in EXPLAINED or path.suffix in (".png", ".ico", ".woff2"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in MACHINE.finditer(text)]
    assert found == []


def test_no_cancellation_is_lost() -> None:
    """Python 3.11's `asyncio.wait_for` drops one that comes when what it waits for is done.

    `asyncio.timeout` does not (python/cpython#86296, mended in 3.12).
    """
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "chatkit").rglob("*.py")}
    assert [path for path, text in texts.items() if "asyncio.wait_for(" in text] == []


def test_no_browser_test_has_a_page_compile_text() -> None:
    """The pages' policy refuses it from time to time (EvalError): a locator waits without it."""
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "tests/web").rglob("*.py")}
    assert texts
    assert [path for path, text in texts.items() if "wait_for_function(" in text] == []


def test_readme_commands_exist() -> None:
    """Every verb that the README shows is one of the command line's."""
    shown = {match.strip() for match in VERBS.findall(readme_code())}
    assert {"lab", "test"} <= shown
    assert {verb for verb in shown if verb not in verbs()} == set()


def test_readme_make_targets_exist() -> None:
    """Every `make` target that the README shows is in the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    shown = set(re.findall(r"make ([a-z]+)", readme_code()))
    assert shown <= targets


def test_readme_folders_and_pictures_exist() -> None:
    """The map of the folders shows folders that are there, and every relative link has its file."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("name", [".github/workflows/ci.yml", ".devcontainer/devcontainer.json"])
def test_other_machines_type_the_same_commands(name: str) -> None:
    """Workflow and dev container call the kit's own verbs; they are valid YAML (JSON is)."""
    text = (ROOT / name).read_text(encoding="utf-8")
    assert isinstance(yaml.safe_load(text), dict)
    assert "python3 -m chatkit" in text or "python -m chatkit" in text


CALLED_BY_OTHERS = ("pytest_", "_jupyter_server_extension", "_load_jupyter_server_extension")
"""Names by which pytest and Jupyter Server find a module's functions."""


@pytest.mark.long
def test_no_name_is_dead() -> None:
    """A constant, function or class of the package stands somewhere besides its definition."""
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "chatkit").rglob("*.py")}
    words = Counter(word for text in texts.values() for word in re.findall(r"\w+", text))
    unused: list[str] = []
    for path, text in texts.items():
        decorated = re.findall(r"^@.*\n(?:async def|def|class) (\w+)", text, re.M)
        used = {*decorated, *FOUND_BY_BASE_CLASS.findall(text), *FOR_TESTS}
        names = {first or second for first, second in DEFINED.findall(text)}
        names = {name for name in names if not name.startswith(CALLED_BY_OTHERS)}
        unused += [f"{path.name}: {name}" for name in names - used if words[name] == 1]
    assert unused == []
