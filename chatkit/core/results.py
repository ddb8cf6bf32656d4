"""What a cell shows: results with a short stable text, and html with every call and its duration.

The text never has ids, ports, times or secrets in it: a stored notebook and a new run agree.
"""

from __future__ import annotations

import html
import os
import re
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock, current_thread, get_ident
from typing import Any, Protocol

from chatkit.core.public_urls import public_url
from chatkit.core.system.console import draw_line

QUIET = "0"
BAR = "1"
NO_STEP = "# This is no step that changes something in Azure."
DURATION = re.compile(r"[0-9]+ ms|[0-9]+\.[0-9]{2} s")


@dataclass(frozen=True)
class Call:
    """One call to a service.

    Attributes:
        method: The SDK method, for example "SignalROperations.begin_create_or_update".
        verb: HTTP verb of its first request, empty when nothing went over the wire.
        resource: What it was about, as a path below the resource group or a host-less URL path.
        seconds: Until its final answer, polling included.
    """

    method: str
    verb: str
    resource: str
    seconds: float


class Forms(Protocol):
    """What a step sent to Azure, told as somebody would do it without the kit."""

    def az(self) -> str:
        """Commands of the Azure CLI."""

    def python(self) -> str:
        """Code with the Azure SDKs."""

    def rest(self) -> str:
        """HTTP requests."""

    def template(self) -> str:
        """Resources of a template."""


class Lines(str):
    """A text of several lines, which a cell shows as it is."""

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": preformatted(self)}


@dataclass(frozen=True)
class Result:
    """What a verb did.

    Attributes:
        text: The whole plain repr; may have several lines.
        rows: Name and value pairs shown in html only.
        calls: Every call made, in a stable order.
        seconds: How long the verb took; None when that says nothing.
        forms: How to do the same without the kit; None for what is no step of the tutorial.
    """

    text: str
    rows: tuple[tuple[str, str], ...] = ()
    calls: tuple[Call, ...] = ()
    seconds: float | None = None
    data: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    forms: Forms | None = field(default=None, repr=False, compare=False)

    def __repr__(self) -> str:
        return self.text

    def az(self) -> Lines:
        """The same step as commands of the Azure CLI, for a POSIX shell."""
        return Lines(self.forms.az() if self.forms else NO_STEP)

    def python(self) -> Lines:
        """The same step as Python code with the Azure SDKs."""
        return Lines(self.forms.python() if self.forms else NO_STEP)

    def rest(self) -> Lines:
        """The same step as HTTP requests."""
        return Lines(self.forms.rest() if self.forms else NO_STEP)

    def template(self) -> Lines:
        """What the step makes, as resources of a template."""
        return Lines(self.forms.template() if self.forms else NO_STEP)

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self._html()}

    def _html(self) -> str:
        parts = [self._summary()]
        if self.rows:
            parts.append(table((), self.rows))
        if self.calls:
            rows = [
                (call.method, call.verb, call.resource, duration(call.seconds))
                for call in self.calls
            ]
            count = "1 call" if len(rows) == 1 else f"{len(rows)} calls"
            calls = table(("SDK method", "HTTP", "resource", "time"), rows)
            parts.append(f"<details><summary>{count}</summary>{calls}</details>")
        if self.forms:
            parts.append(self._forms())
        return f'<div class="chatkit-result">{"".join(parts)}</div>'

    def _forms(self) -> str:
        """Each form folded; the sanitiser of a notebook takes scripts and buttons away."""
        told = (
            ("Azure CLI", self.az()),
            ("Python", self.python()),
            ("REST", self.rest()),
            ("template", self.template()),
        )
        folded = "".join(
            f"<details><summary>{name}</summary>{preformatted(text)}</details>"
            for name, text in told
        )
        return f'<details class="chatkit-how"><summary>show me how</summary>{folded}</details>'

    def _summary(self) -> str:
        took = ""
        if self.seconds is not None:
            took = f" {elapsed(duration(self.seconds))}"
        return f"<p>{escape(self.text).replace(chr(10), '<br>')}{took}</p>"


class Address(str):
    """The address of a page: a string that a cell shows as a link.

    The link leads to where a browser finds the page, through a proxy, too.
    """

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        return {"text/plain": public_url(self), "text/html": link(self)}


def escape(value: object) -> str:
    """Make any foreign text safe inside html; the only place that does."""
    return html.escape(str(value), quote=True)


def preformatted(text: str) -> str:
    """A text as html that keeps its lines."""
    return f"<pre>{escape(text)}</pre>"


def duration(seconds: float) -> str:
    """How long something took, in milliseconds below a second."""
    # From here on it would round to "1000 ms".
    if seconds >= 0.9995:
        return f"{seconds:.2f} s"
    return f"{seconds * 1000:.0f} ms"


def elapsed(duration: str) -> str:
    """A duration as html that a notebook test can recognise and leave out."""
    return f'<span class="chatkit-time">{duration}</span>'


def enumerated(names: Sequence[str]) -> str:
    """Names as a sentence has them: "alice", "alice and bob", "alice, bob and carol"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def capitalised(text: str) -> str:
    """A text with a capital at its beginning; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """An html table of plain texts."""
    lines = [
        "".join(f'<td style="text-align:left">{_cell(cell)}</td>' for cell in row) for row in rows
    ]
    if head:
        lines.insert(0, "".join(f"<th>{escape(cell)}</th>" for cell in head))
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _cell(text: str) -> str:
    if DURATION.fullmatch(text):
        return elapsed(text)
    if text.startswith(("http://", "https://")):
        return link(text)
    return escape(text)


def link(address: str) -> str:
    """An address as html that opens it in a window of its own."""
    url = escape(public_url(address))
    return f'<a href="{url}" target="_blank" rel="noopener">{url}</a>'


def is_interactive() -> bool:
    """Say whether a person watches: a notebook front end that can be asked, or a terminal.

    `CHATKIT_PROGRESS` set to 0 or 1 decides instead.
    """
    wanted = os.environ.get("CHATKIT_PROGRESS")
    if wanted in (QUIET, BAR):
        return wanted == BAR
    kernel = getattr(ipython_shell(), "kernel", None)
    if kernel is None:
        return sys.stderr.isatty()
    # nbval and nbclient run cells with `allow_stdin=False`: that tells them from a front end.
    return bool(getattr(kernel, "_allow_stdin", False))


def ipython_shell() -> Any:
    """The shell of the notebook's kernel that this process is; None in another program."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module else None


class Progress:
    """One line that says what is being waited for.

    It is gone when the work is done, and silent when nobody watches. Steps may begin and end on any
    thread; only `tick`, called by the thread that made this object, draws.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._started = time.monotonic()
        self._running: dict[tuple[str, int], float] = {}
        self._lock = Lock()
        self._owner = current_thread()
        self._handle: Any = None
        self._drawn = 0.0
        self._interactive = is_interactive()

    @property
    def title(self) -> str:
        """What is being done."""
        return self._title

    def begin(self, label: str) -> None:
        """Say that a step started."""
        with self._lock:
            self._running[label, get_ident()] = time.monotonic()
        self.tick()

    def end(self, label: str) -> None:
        """Say that a step is done."""
        with self._lock:
            self._running.pop((label, get_ident()), None)
        self.tick()

    def tick(self) -> None:
        """Draw, at most twice a second.

        Nothing is drawn in the first half second, so that short work shows nothing.
        """
        if not self._interactive or current_thread() is not self._owner:
            return
        now = time.monotonic()
        if now - max(self._drawn, self._started) < 0.5:
            return
        self._drawn = now
        with self._lock:
            running = sorted(self._running.items())
        waits = [f"{label} {now - begun:.0f} s" for (label, _), begun in running]
        self._draw(f"{self._title}: {', '.join(waits) or 'working'}")

    def show(self) -> None:
        """Draw at once: for work that may take long, and that nobody should wonder about."""
        if self._interactive and current_thread() is self._owner:
            self._drawn = time.monotonic()
            self._draw(f"{self._title}: working")

    def close(self) -> None:
        """Take the line away."""
        if self._drawn:
            self._draw("")

    def _draw(self, line: str) -> None:
        if getattr(ipython_shell(), "kernel", None) is None:
            draw_line(line)
            return
        from IPython.display import HTML, display

        shown = HTML(f"<p>{escape(line)}</p>" if line else "")  # type: ignore[no-untyped-call]
        if self._handle is None:
            self._handle = display(shown, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(shown)
