"""`chatkit doctor`: is this machine ready?"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from chatkit.cli import cloud_process


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False) -> None:
    """Check that this machine is ready, and say what to do where it is not."""
    from chatkit.lesson import doctor as preflight

    findings = preflight.examine(cloud_runs=cloud_process.running(cloud_process.folder()) is not None)
    if as_json:
        typer.echo(json.dumps({"ok": all(f.ok for f in findings), "checks": [asdict(f) for f in findings]}, indent=1))
    else:
        for finding in findings:
            typer.echo(f"{'ok ' if finding.ok else 'NO '} {finding.what}: {finding.found}")
            if not finding.ok:
                typer.echo(f"     {finding.hint}")
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)
