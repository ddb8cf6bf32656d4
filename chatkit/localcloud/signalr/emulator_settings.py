"""`settings.json` of Microsoft's SignalR emulator: where the events of clients go.

Follows Microsoft's page "Use Azure SignalR Local Emulator for serverless development". .NET reads
the file: names in any case, comments and a last comma are fine, what nobody knows is ignored.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chatkit.core.errors import SetupError
from chatkit.core.reading import commented_json, texts
from chatkit.localcloud.signalr.core.spec import UpstreamTemplate

FILE = "settings.json"
SECTION = "UpstreamSettings"
Templates = tuple[UpstreamTemplate, ...]


def find(named: Path | None) -> Path:
    """The file that a person means: the one named, the one in the folder named, or the one here.

    Raises:
        SetupError: There is none where one was named.
    """
    if named is None:
        return Path(FILE).resolve()
    for path in (named, named / FILE):
        if path.is_file():
            return path.resolve()
    raise SetupError(
        f"There is no settings file at {named}.",
        hint=f"`--settings` takes a file, or a folder with {FILE} in it.",
    )


def read(path: Path) -> Templates:
    """The upstream templates of a file, in their order; none when there is no file.

    Raises:
        SetupError: It cannot be read, or a template in it is malformed.
    """
    try:
        text = texts.read(path)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise SetupError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SetupError(f"{path} is not UTF-8 text.") from None
    try:
        document = commented_json.loads(text)
    except ValueError as error:
        raise SetupError(f"{path} is not valid JSON: {error}.") from None
    return from_document(document, name=path.name)


def from_document(document: Any, *, name: str = FILE) -> Templates:
    """The upstream templates of a parsed file.

    Raises:
        SetupError: It is not an object, or a template in it is malformed.
    """
    if not isinstance(document, dict):
        raise SetupError(f"{name} must hold a JSON object.")
    section = _member(document, SECTION)
    if section is None:
        return ()
    if not isinstance(section, dict):
        raise SetupError(f"{SECTION} in {name} must be an object.")
    templates = _member(section, "Templates")
    if templates is None:
        return ()
    if not isinstance(templates, list):
        raise SetupError(f"{SECTION}.Templates in {name} must be a list.")
    return tuple(_template(one, f"Template {at} in {name}") for at, one in enumerate(templates, 1))


def document_of(templates: Templates) -> dict[str, object]:
    """A file's document with these templates."""
    items = [
        {
            "UrlTemplate": one.url_template,
            "EventPattern": one.event_pattern,
            "HubPattern": one.hub_pattern,
            "CategoryPattern": one.category_pattern,
        }
        for one in templates
    ]
    return {SECTION: {"Templates": items}}


def upstream_lines(settings: Path, templates: Templates) -> list[str]:
    """Where events of clients go."""
    if not templates:
        return [f"Events of clients go nowhere: {settings} names no upstream."]
    lines = [f"Events of clients go to the first that matches, as {settings} says:"]
    for one in templates:
        patterns = f"hub {one.hub_pattern}, category {one.category_pattern}"
        address = one.url_template.partition("?")[0]  # a key may follow
        lines.append(f"  {address} ({patterns}, event {one.event_pattern})")
    return lines


def _template(given: Any, where: str) -> UpstreamTemplate:
    if not isinstance(given, dict):
        raise SetupError(f"{where} must be an object.")
    url = _member(given, "UrlTemplate")
    if not isinstance(url, str) or not _is_address(url):
        raise SetupError(
            f"{where} needs a UrlTemplate that begins with http:// or https://.",
            hint="For functions on this machine it is"
            " http://localhost:7071/runtime/webhooks/signalr.",
        )
    patterns = []
    for name in ("HubPattern", "CategoryPattern", "EventPattern"):
        pattern = _member(given, name)
        if pattern is None:
            pattern = "*"
        if not isinstance(pattern, str):
            raise SetupError(f"{name} of {where} must be text.")
        patterns.append(pattern)
    return UpstreamTemplate(url, *patterns)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def _member(document: dict[str, Any], name: str) -> Any:
    """A member by its name in any case."""
    return next((value for key, value in document.items() if key.lower() == name.lower()), None)
