"""What a cell shows."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from chatkit.cloud.calls import Calls, name_of, short_path
from chatkit.core import results
from chatkit.core.results import Address, Call, Progress, Result, duration, enumerated


def test_the_text_of_a_result_is_its_sentence() -> None:
    """Stable from run to run: calls and times are in the html only."""
    result = Result("Done.", (("where", "here"),), (Call("X.get", "GET", "a/b", 1.0),), 2.0)
    assert repr(result) == "Done."
    bundle = result._repr_mimebundle_()
    assert bundle["text/plain"] == "Done."
    assert "X.get" in bundle["text/html"] and "here" in bundle["text/html"]


def test_foreign_text_never_becomes_markup() -> None:
    """Names and paths come from services."""
    evil = "<script>alert(1)</script>"
    html = Result(evil, ((evil, evil),), (Call(evil, evil, evil, 0.1),))._repr_mimebundle_()[
        "text/html"
    ]
    assert "<script>" not in html


def test_an_address_can_be_clicked_and_breaks_out_of_nothing() -> None:
    """Only http and https become links."""
    html = Result(
        "Done.", (("a", 'http://x/"><script>'), ("b", "javascript:alert(1)"))
    )._repr_mimebundle_()["text/html"]
    assert '<a href="http://x/&quot;&gt;&lt;script&gt;"' in html
    assert 'href="javascript' not in html


def test_times_can_be_recognised() -> None:
    """A notebook test leaves them out."""
    html = Result("Done.", (), (Call("X.get", "GET", "a", 1.0),), 2.0)._repr_mimebundle_()[
        "text/html"
    ]
    assert html.count('class="chatkit-time"') == 2


def test_what_was_not_timed_claims_no_time() -> None:
    """No "0.00 s"; what was too short for seconds is told in milliseconds."""
    assert "chatkit-time" not in Result("Done.")._repr_mimebundle_()["text/html"]
    assert [duration(seconds) for seconds in (0.0004, 0.0123, 0.9994, 0.9996, 12.345)] == [
        "0 ms",
        "12 ms",
        "999 ms",
        "1.00 s",
        "12.35 s",
    ]
    html = Result(
        "Done.", rows=(("first", duration(0.0123)), ("second", duration(1.5)))
    )._repr_mimebundle_()["text/html"]
    assert html.count('class="chatkit-time"') == 2


def test_names_are_told_as_in_a_sentence() -> None:
    """However many there are."""
    names = ["alice", "bob", "carol"]
    assert [enumerated(names[:count]) for count in range(4)] == [
        "",
        "alice",
        "alice and bob",
        "alice, bob and carol",
    ]


def test_an_address_is_a_string_that_a_cell_shows_as_a_link(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To where a browser finds it; the string itself stays as it is."""
    address = Address("http://127.0.0.1:5500/")
    assert f"{address}x" == "http://127.0.0.1:5500/x"
    assert address._repr_mimebundle_()["text/plain"] == "http://127.0.0.1:5500/"
    monkeypatch.setenv("CHATKIT_PUBLIC_URL", "https://hub.example/user/alice/proxy/{port}/")
    assert (
        'href="https://hub.example/user/alice/proxy/5500/"'
        in address._repr_mimebundle_()["text/html"]
    )
    assert address == "http://127.0.0.1:5500/"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        (
            "https://m/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/x?api-version=1",
            "Microsoft.Web/sites/x",
        ),
        ("https://m/subscriptions/s/resourcegroups/g?api-version=1", "resourcegroups/g"),
        ("https://m/subscriptions/s/providers/Microsoft.Web/register", "Microsoft.Web/register"),
        ("https://m/subscriptions/s", "subscription"),
        ("https://acc/web/index.html?sig=secret", "web/index.html"),
    ],
)
def test_a_resource_is_named_without_ids_or_query(url: str, path: str) -> None:
    """No subscription id and no signature in a stored notebook."""
    assert short_path(url) == path


def test_a_call_is_named_as_in_the_sdk() -> None:
    """So that it can be looked up."""
    assert name_of(Calls().tick) == "Calls.tick"
    assert name_of(short_path) == "short_path"


def test_progress_is_silent_when_nobody_watches(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """nbval and CI see nothing of it."""
    monkeypatch.setenv("CHATKIT_PROGRESS", "0")
    line = Progress("Working")
    line.begin("step")
    line.close()
    assert capfd.readouterr() == ("", "")


def test_progress_in_a_terminal_names_what_is_waited_for_and_goes(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drawn only when it takes a while."""
    monkeypatch.setenv("CHATKIT_PROGRESS", "1")
    clock = iter(range(100))
    monkeypatch.setattr("chatkit.core.results.time.monotonic", lambda: float(next(clock)))
    line = Progress("Creating")
    line.begin("create (SignalR)")
    line.close()
    out = capfd.readouterr().err
    assert "Creating: create (SignalR)" in out and out.endswith(" \r")


@pytest.mark.parametrize(("allowed", "expected"), [(True, True), (False, False)])
def test_a_notebook_is_watched_when_it_may_ask(
    monkeypatch: pytest.MonkeyPatch, allowed: bool, expected: bool
) -> None:
    """nbval and nbclient run cells with allow_stdin=False."""
    monkeypatch.delenv("CHATKIT_PROGRESS", raising=False)
    shell: Any = type("Shell", (), {"kernel": type("Kernel", (), {"_allow_stdin": allowed})})
    monkeypatch.setattr(results, "ipython_shell", lambda: shell)
    assert results.is_interactive() is expected


def test_import_is_instant() -> None:
    """No Azure package is loaded before it is used."""
    heavy = ["azure.mgmt", "azure.storage", "ipywidgets", "aiohttp"]
    code = f"import chatkit, sys; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == "[]"
