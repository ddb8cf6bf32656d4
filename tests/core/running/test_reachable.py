"""How a process tells where it answers: privately, and only as long as it runs."""

from __future__ import annotations

from pathlib import Path

from chatkit.core.running.presence import FUNCTIONS
from chatkit.core.running.reachable import Reachable, those_running, told


def test_what_a_killed_process_told_goes_with_its_lock(tmp_path: Path) -> None:
    """Its token is of no use, and its port another program's."""
    with told(tmp_path, FUNCTIONS, Reachable(1, "secret")):
        path = tmp_path / "running" / f"{FUNCTIONS}-999999.json"
        path.write_text('{"port": 1, "token": "t"}', encoding="utf-8")
        path.with_suffix(".lock").write_text("999999", encoding="utf-8")
        assert those_running(tmp_path, FUNCTIONS) == []
        assert not path.exists()
    with told(None, FUNCTIONS, Reachable(1, "secret")):
        assert "secret" not in repr(Reachable(1, "secret"))
