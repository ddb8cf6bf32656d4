"""Write the conformance table of docs/functions.md.

With --record also record the outcomes anew from Microsoft's runtime.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.localcloud.functions.host import conformance_run, python313
from tests.localcloud.functions.host.conformance_run import DIFFERENCES, RECORDED, Engine

PAGE = Path(__file__).parents[4] / "docs" / "functions.md"
BEGIN, END = "<!-- conformance table: begin -->", "<!-- conformance table: end -->"
LIMIT = 110


def table() -> str:
    """The table as Markdown."""
    recorded: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))
    lines = ["| case | what Microsoft's worker gives | ours |", "|---|---|---|"]
    for name, outcome in recorded.items():
        ours = f"differs: {DIFFERENCES[name]}" if name in DIFFERENCES else "the same"
        lines.append(f"| {name.replace('|', chr(92) + '|')} | {_told(outcome)} | {ours} |")
    return "\n".join(lines)


def _told(outcome: Any) -> str:
    if "error" in outcome:
        text = outcome["error"]
    elif "return" in outcome:
        text = json.dumps(
            {key: value for key, value in outcome.items() if value}, ensure_ascii=False
        )
    else:
        text = f"loads {', '.join(outcome)}" if outcome else "loads nothing"
    text = " ".join(text.split())
    if len(text) > LIMIT:
        text = f"{text[:LIMIT]}…"
    return "`" + text.replace("|", "\\|").replace("`", "'") + "`"


def main() -> None:
    """Record if asked to, then rewrite the page's table."""
    if "--record" in sys.argv:
        engine = Engine(python313.with_runtime(), is_runtime=True)
        with tempfile.TemporaryDirectory() as folder:
            outcomes = asyncio.run(conformance_run.run(engine, Path(folder)))
        RECORDED.write_text(
            json.dumps(outcomes, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    page = PAGE.read_text(encoding="utf-8")
    before = page.split(BEGIN)[0]
    after = page.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
