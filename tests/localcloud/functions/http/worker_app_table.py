"""Write the table of the worker's apps into docs/functions.md."""

from __future__ import annotations

from pathlib import Path

from tests.localcloud.functions.http.worker_app_cases import CASES

PAGE = Path(__file__).parents[4] / "docs" / "functions.md"
BEGIN, END = "<!-- worker apps: begin -->", "<!-- worker apps: end -->"


def table() -> str:
    """The table as Markdown."""
    lines = ["| app | asked | as in Azure | differs |", "|---|---|---|---|"]
    for app in dict.fromkeys(case.app for case in CASES):
        cases = [case for case in CASES if case.app == app]
        unlike = [case for case in cases if case.unlike_azure]
        reasons = "; ".join(f"{case.name}: {case.unlike_azure}" for case in unlike)
        lines.append(f"| {app} | {len(cases)} | {len(cases) - len(unlike)} | {reasons} |")
    same = sum(not case.unlike_azure for case in CASES)
    lines.append(f"| all | {len(CASES)} | {same} | |")
    return "\n".join(lines)


def main() -> None:
    """Rewrite the page's table."""
    page = PAGE.read_text(encoding="utf-8")
    before = page.split(BEGIN)[0]
    after = page.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
