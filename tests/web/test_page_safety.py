"""Names and messages are text, whatever is in them; nothing but the page's own code runs."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Dialog, Page, expect

from tests.web.conftest import Visit
from tests.web.stand_in import CONTENT, Room

SCRIPTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}",
    "</textarea><b>bold</b>",
    "javascript:alert(1)",
    "&lt;b&gt; &amp;",
    "\u202eevil",
    "$& $1 \\0",
]

STRANGE: list[Any] = [
    None,
    7,
    "text",
    [],
    {},
    {"text": 7},
    {"text": None, "sender": "bob"},
    {"text": {"toString": "x"}, "sender": "bob"},
]


def watch(page: Page) -> list[str]:
    """Everything that should not happen: dialogs, errors, violations of the policy."""
    seen: list[str] = []

    def on_dialog(dialog: Dialog) -> None:
        seen.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", on_dialog)
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on(
        "console", lambda message: seen.append(message.text) if message.type == "error" else None
    )
    return seen


def test_script_in_names_and_messages_stays_text(visit: Visit, chat: Room) -> None:
    """Live and from the history."""
    page = visit("bob")
    seen = watch(page)
    for script in SCRIPTS:
        chat.post(script[:50], script)
    for _ in ("live", "from the history"):
        expect(page.locator(".text")).to_have_text(SCRIPTS)
        expect(page.locator(".message .who bdi")).to_have_text([script[:50] for script in SCRIPTS])
        page.reload()
    assert page.locator(".log :is(script, img, svg, b, a)").count() == 0
    assert seen == []


def test_script_in_my_own_name_stays_text(visit: Visit) -> None:
    """In the form, in the header, and on my messages."""
    page = visit("<img src=x onerror=alert(1)>")
    seen = watch(page)
    page.get_by_label("Message to everybody").fill("<b>Hello</b>")
    page.keyboard.press("Enter")
    expect(page.locator(".message.sent .text")).to_have_text(["<b>Hello</b>"])
    expect(page.locator("bdi")).to_have_text(["<img src=x onerror=alert(1)>"] * 2)
    assert seen == []


def test_what_is_no_message_is_not_shown(visit: Visit, chat: Room) -> None:
    """And does not stop the next one."""
    page = visit()
    seen = watch(page)
    for strange in STRANGE:
        chat.say(strange)
    chat.say({"text": "without id, name and time"})
    expect(page.locator(".text")).to_have_text(["without id, name and time"])
    expect(page.locator(".message .who bdi")).to_have_text(["anonymous"])
    assert seen == []


def test_fields_of_the_wrong_kind_are_replaced(visit: Visit, chat: Room) -> None:
    """A time that is none leaves no 'Invalid Date'."""
    page = visit()
    chat.say({"id": {}, "sender": ["bob"], "text": "Hello", "sentAt": "tomorrow"})
    expect(page.locator(".message .who bdi")).to_have_text(["anonymous"])
    expect(page.locator("main")).not_to_contain_text("Invalid")


def test_the_policy_lets_no_foreign_code_run(visit: Visit) -> None:
    """Neither a script in the page, nor one from elsewhere, nor code made from a string."""
    page = visit(None)
    page.evaluate(
        """() => {
            for (const fill of [
                s => s.textContent = "window.ran = 1",
                s => s.src = "data:text/javascript,window.ran=1",
            ]) {
                const script = document.createElement("script");
                fill(script);
                document.head.append(script);
            }
            const b = document.createElement("b");
            b.setAttribute("onclick", "window.ran = 1"); document.body.append(b); b.click();
        }"""
    )
    page.reload()
    assert page.evaluate("window.ran") is None
    assert "unsafe" not in (page.locator("meta[http-equiv]").get_attribute("content") or "unsafe")


def test_a_whole_visit_breaks_no_rule(visit: Visit, chat: Room) -> None:
    """No violation of the policy, no error, and no request to anybody else."""
    page = visit(None)
    seen = watch(page)
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2].split(":")[0]))
    page.reload()
    page.get_by_label("Your name").fill("alice")
    page.keyboard.press("Enter")
    page.wait_for_selector(".connected")
    page.get_by_label("Message to everybody").fill("Hello")
    page.keyboard.press("Enter")
    expect(page.locator(".message.sent")).to_have_count(1)
    assert (seen, hosts) == ([], {"127.0.0.1", "localhost"})


def test_the_source_never_makes_html_of_strings() -> None:
    """No innerHTML and no relatives."""
    source = "".join(path.read_text(encoding="utf-8") for path in CONTENT.glob("*.js"))
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacent",
        "v-html",
        "document.write",
        "eval(",
        "new Function",
    ):
        assert word not in source
