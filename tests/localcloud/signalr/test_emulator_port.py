"""A port that the emulator may not have; root runs this, too, without Node."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatkit.core import ports
from chatkit.core.errors import SetupError
from chatkit.localcloud.signalr.emulator import Emulator


def test_a_port_for_the_administrator_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Port 80 is not for ordinary users, and the sentence says so."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(ports, "bind", refused)
    with pytest.raises(SetupError, match="Port 80 is not for ordinary users"):
        Emulator(80, tmp_path / "settings.json").run()
