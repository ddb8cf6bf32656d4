"""The kit's template of the whole chat: Bicep and JSON say the same, and it is ready to go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.core.settings import checkout
from tests.cloud.templates.bicep import compiled

FOLDER = checkout() / "template"
BICEP = (FOLDER / "main.bicep").read_text(encoding="utf-8")
JSON: dict[str, Any] = json.loads((FOLDER / "main.json").read_text(encoding="utf-8"))


def test_both_files_say_the_same() -> None:
    """Parameters, resources with versions, names and properties, what waits for what, outputs."""
    meant = compiled(BICEP)
    for part in ("parameters", "resources", "outputs"):
        assert meant[part].keys() == JSON[part].keys(), part
        for name in JSON[part]:
            assert meant[part][name] == JSON[part][name], f"{part}: {name}"
    assert meant == JSON


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("'Free_F1'", "'Standard_S1'"),
        ("signalR@2023-02-01", "signalR@2024-03-01"),
        ("parent: blobs", "parent: account"),
        ("    origins\n  ]", "  ]"),
        ("@secure()\n", ""),
        ("value: clientSecret\n", "value: clientId\n"),
        ("output webUrl string = page", "output webUrl string = signalRName"),
        ("    disableAadAuth: false\n", ""),
        ("param planName string\n", "param planName string = 'plan'\n"),
        ("serverFarmId: plan.id", "serverFarmId: plan.name"),
    ],
)
def test_a_change_in_one_of_them_alone_is_noticed(old: str, new: str) -> None:
    """Each kind of thing that they compare by."""
    assert old in BICEP
    assert compiled(BICEP.replace(old, new, 1)) != JSON


@given(st.text(st.characters(exclude_characters="'\\$\n", codec="utf-8"), max_size=30))
def test_a_text_means_itself(text: str) -> None:
    """Whatever is in it, as a value and within an expression."""
    read = compiled(f"var said = '{text}'\noutput a string = said\noutput b string = trim(said)\n")
    bracket = "[" if text.startswith("[") else ""
    assert read["outputs"]["a"]["value"] == f"{bracket}{text}"
    assert read["outputs"]["b"]["value"] == f"[trim('{text}')]"


@pytest.mark.parametrize(
    ("text", "line"),
    [("param a string\nparam = 1\n", 2), ("output a string = {\n b 1 }", 2), ("a = 1\n", 1)],
)
def test_what_is_not_read_is_named_with_its_line(text: str, line: int) -> None:
    """Nothing is passed over."""
    with pytest.raises(ValueError, match=f"line {line}"):
        compiled(text)


def test_it_holds_no_name_and_no_secret_of_anybody() -> None:
    """Names are parameters without a default, and the secret is a secure one."""
    parameters = JSON["parameters"]
    assert parameters["clientSecret"] == {
        "type": "securestring",
        "metadata": {"description": "A client secret of the app registration."},
    }
    for name in ("signalRName", "storageAccountName", "planName", "functionAppName", "clientId"):
        assert parameters[name]["type"] == "string" and "defaultValue" not in parameters[name]
    assert "chatkit" not in json.dumps(JSON)


def test_the_notebook_says_that_no_compiler_ran() -> None:
    """And names the extension that could register the app."""
    path = Path(checkout(), "notebooks", "13-as-a-template.ipynb")
    text = "\n".join(
        "".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
    )
    assert "no compiler of Bicep was at hand" in text
    assert "microsoftGraphV1" in text
