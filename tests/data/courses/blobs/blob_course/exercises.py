"""What each exercise has to do."""

from collections.abc import Iterator

from chatkit.authoring.checks import Bench, expect


def greeting(bench: Bench) -> Iterator[str]:
    """Section 01: the function greets by the name in the address."""
    with bench.running() as app:
        answer = app.ask("GET", "/api/hello?name=alice").text
        expect(
            answer == "Hello, alice!",
            "The greeting for alice",
            expected="Hello, alice!",
            got=answer,
            hint="`req.params` has what follows the `?` of the address.",
        )
    yield "The function greets alice by name."
