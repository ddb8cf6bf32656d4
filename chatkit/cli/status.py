"""`chatkit status`: what exists so far."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from chatkit import settings

LOCAL_API = "http://localhost:7071"
LOCAL_WEB = "http://127.0.0.1:5500/"


def status(as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False) -> None:
    """Show what the workshop has made so far, and where it is."""
    known = read()
    if as_json:
        typer.echo(json.dumps(known, indent=1))
        return
    for key, value in known.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        typer.echo(f"{key.replace('_', ' '):<20}{shown or '-'}")


def read() -> dict[str, Any]:
    """Return the facts of the current target; unknown ones are None."""
    kept = settings.load(settings.home())
    facts = kept.facts
    return {
        "target": kept.target,
        "resource_group": facts.resource_group or None,
        "signalr": facts.signalr or None,
        "function_app": facts.function_app or None,
        "storage_account": facts.storage_account or None,
        "api_base_url": facts.api_base_url or None,
        "web_url": facts.web_url or None,
        "local_api_base_url": LOCAL_API,
        "local_web_url": LOCAL_WEB,
        "authentication": facts.authentication or None,
        "completed": list(facts.completed),
    }
