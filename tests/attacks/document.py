"""Writes docs/attacks.md from the tables beside it: `python -m tests.attacks.document`."""

from __future__ import annotations

import importlib
from pathlib import Path

from tests.attacks.group import Group

DOCUMENT = Path(__file__).parents[2] / "docs" / "attacks.md"
BESIDE_TABLES = ("document", "group")

# Single tests that belong to the same story.
OTHERS: dict[str, str] = {
    "Names of hubs without end": (
        "test_signalr_connections.py::test_hubs_that_nobody_is_in_are_forgotten"
    ),
    "A membership that is renewed without end": (
        "test_signalr_connections.py::test_a_membership_renewed_a_thousand_times_is_kept_once"
    ),
    "Small messages without end, to a slow app": (
        "test_signalr_upstream.py::test_small_messages_to_a_slow_app_count_as_what_they_take"
    ),
    "Sign-ins under names without end": (
        "test_entra_client_credentials.py::test_a_token_needs_no_look_at_everybody"
    ),
    "A request that trickles, to the tunnel of an az that runs": (
        "test_az_tunnel.py::test_a_head_that_trickles_is_ended"
    ),
    "A token for one storage account, to copy from another": (
        "test_storage_copies.py::test_a_token_for_one_account_reads_no_other"
    ),
    "A client secret that ends on no day": (
        "test_entra_graph.py::test_a_secrets_dates_are_moments"
    ),
    "Refresh tokens without end": ("test_entra_clock.py::test_a_refresh_token_lives_ninety_days"),
    "Tags without a name, or with what a path is made of": (
        "test_arm_tags.py::test_tags_that_azure_refuses_are_refused"
    ),
    "Signatures by a key that the account does not take any more": (
        "test_storage_access.py::test_an_account_may_refuse_keys"
    ),
    "Messages without end, from one guest": (
        "test_stage_moderation.py::test_a_guest_who_writes_too_fast"
    ),
    "Messages without end, from many guests": (
        "test_stage_moderation.py::test_the_whole_room_may_be_too_fast"
    ),
    "Messages without end, each without a cookie": (
        "test_stage_moderation.py::test_who_shows_no_cookie_is_one_guest"
    ),
    "Names without end, of one guest": "test_stage_moderation.py::test_names_without_end",
    "A token for another hub": (
        "test_signalr_token_rules.py::test_a_client_token_is_for_one_hub_of_this_instance"
    ),
    "Script in names and messages, on the page": (
        "test_page_safety.py::test_script_in_names_and_messages_stays_text"
    ),
    "Script in a sign-in name": "test_page_sign_in.py::test_script_in_a_sign_in_name_stays_text",
    "A link that carries somebody else's token": (
        "test_page_sign_in.py::test_a_link_with_somebody_elses_token_signs_nobody_in"
    ),
    "A message that claims to be private": "test_page_private.py::test_a_forged_badge_is_text",
    "Going on after sign-out": (
        "test_page_deployed_sign_in.py::test_signing_out_ends_the_session_in_the_app"
    ),
    "Join codes, guessed without end": (
        "test_board_admission.py::test_guessing_is_slowed_and_stops_nobody"
    ),
    "Script in a name and in a question, on the board": (
        "test_board_page.py::test_a_hand_is_read_and_lowered"
    ),
    "Names and questions of a class, on its projector": (
        "test_board_page.py::test_a_projector_shows_no_name_and_no_question"
    ),
    "Script in names and messages, in the panel": (
        "test_chat_panel.py::test_markup_in_names_and_texts_stays_text"
    ),
}


def groups() -> list[Group]:
    """All groups, in the order of their modules' names."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py"))
    found: list[Group] = []
    for name in names:
        if name not in BESIDE_TABLES:
            found.extend(importlib.import_module(f"tests.attacks.{name}").GROUPS)
    return found


def document() -> str:
    """Text of docs/attacks.md."""
    tables = groups()
    count = sum(len(group.names) for group in tables) + len(OTHERS)
    rows = [
        "# Attacks",
        "",
        f"{count} attempts to be somebody else, to see what is not one's own, or to bring the local"
        " cloud down. Each is a test, and each is refused.",
    ]
    for group in tables:
        rows += ["", f"## {group.title}", "", f"`{group.file}::{group.test}`", ""]
        rows += ["| attempt |", "|---|"]
        rows += [f"| `{shown(name)}` |" for name in group.names]
    rows += ["", "## Others", "", "<!-- others: begin -->", "| attempt | test |", "|---|---|"]
    rows += [f"| {name} | `{test}` |" for name, test in OTHERS.items()]
    rows += ["<!-- others: end -->"]
    return "\n".join(rows) + "\n"


def shown(name: str) -> str:
    """A name that a table can hold."""
    return name.replace("\t", "\\t").replace("|", "\\|")


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
