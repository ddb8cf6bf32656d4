"""The chat from its template by hand: each verb's form does what the verb does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.steps.by_hand.test_steps_by_hand import EACH_FORM, Planned, called, find_az, followed
from tests.tools import Tools

PLAN = (
    Planned("create_resource_group", app="13"),
    Planned("register_app"),
    Planned("what_if"),
    Planned("deploy_template"),
    Planned("register_app"),
    # The check compares the settings on this machine with the deployed ones.
    Planned("write_local_settings"),
    Planned("publish_functions"),
    Planned("set_page_url"),
    Planned("upload_page", check="13"),
    Planned("what_if"),
    Planned("clean_up", check="11"),
)


@pytest.mark.long
@EACH_FORM
def test_a_form_makes_the_chat_from_its_template(
    form: str, tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Step by step, and the check of section 13 passes on what it made."""
    if form == "az":
        find_az(tools, monkeypatch)
    done = called(PLAN, tmp_path / "verbs")
    home = tmp_path / "by-hand"
    home.mkdir()
    monkeypatch.chdir(home)
    followed(PLAN, done, form=form, home=home)
