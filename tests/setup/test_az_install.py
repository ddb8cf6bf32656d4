"""`chatkit az --install`: az in an environment of its own, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chatkit.core.errors import SetupError
from chatkit.setup import azure_cli, installers
from chatkit.setup.installers import SetupFailed
from chatkit.setup.uv_by_pip import Uv

Commands = list[list[str]]


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    """What would be run; the folder of the environment is made."""
    run: Commands = []
    monkeypatch.setattr(installers, "create", lambda folder, _uv: folder.mkdir(parents=True))
    monkeypatch.setattr(installers, "run_tool", run.append)
    return run


@pytest.mark.parametrize(
    ("uv", "begins"), [(Uv("uv"), ["uv", "pip", "install"]), (None, ["-m", "pip", "install"])]
)
def test_it_is_installed_by_what_there_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    commands: Commands,
    uv: Uv | None,
    begins: list[str],
) -> None:
    """uv, else pip; what was left of an earlier attempt is gone."""
    monkeypatch.setattr(installers, "find_uv", lambda: uv)
    (tmp_path / "az").mkdir()
    (tmp_path / "az" / "left").touch()
    azure_cli.install(tmp_path / "az")
    (command,) = commands
    assert begins == command[:3] or begins == command[1:4]
    assert command[-2:] == ["azure-cli", "setuptools"]
    assert not (tmp_path / "az" / "left").exists()


def fails(_command: list[str]) -> None:
    """As pip without a network."""
    raise SetupFailed("the packages cannot be downloaded.")


def interrupted(_command: list[str]) -> None:
    """As Ctrl+C."""
    raise KeyboardInterrupt


@pytest.mark.usefixtures("commands")
@pytest.mark.parametrize(
    ("run", "error"),
    [(fails, SetupError), (interrupted, KeyboardInterrupt)],
    ids=["no network", "Ctrl+C"],
)
def test_half_an_az_does_not_stay(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run: Callable[[list[str]], None],
    error: type[BaseException],
) -> None:
    """It would be found, and not work."""
    monkeypatch.setattr(installers, "run_tool", run)
    with pytest.raises(error):
        azure_cli.install(tmp_path / "az")
    assert not (tmp_path / "az").exists()
