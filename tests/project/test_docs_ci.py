"""The pages of other people's continuous integration: one call of the README's command each."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from chatkit.core.settings import checkout

PAGE = (checkout() / "docs" / "ci.md").read_text(encoding="utf-8")
SNIPPETS = dict(re.findall(r"^```yaml (\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
COMMAND = "python3 -m chatkit test --artifacts artifacts"
NODE_24 = 6
"""The first major version of GitHub's own actions that runs on Node 24."""


def strings(document: Any) -> list[str]:
    """Every string of a document, in order."""
    if isinstance(document, dict):
        return [text for value in document.values() for text in strings(value)]
    if isinstance(document, list):
        return [text for value in document for text in strings(value)]
    return [document] if isinstance(document, str) else []


def test_there_is_one_for_each_service() -> None:
    """Those that the page has a heading for."""
    assert [*SNIPPETS] == ["github", "gitlab", "azure"]


@pytest.mark.parametrize("service", ["github", "gitlab", "azure"])
def test_it_calls_the_readmes_command_once_and_keeps_its_folder(service: str) -> None:
    """What a person types is what a service runs."""
    texts = strings(yaml.safe_load(SNIPPETS[service]))
    assert texts.count(COMMAND) == 1
    assert "artifacts" in texts
    readme = (checkout() / "README.md").read_text(encoding="utf-8")
    assert COMMAND.partition(" --")[0] in readme


def test_githubs_actions_are_of_this_year() -> None:
    """Earlier versions run on Node 20, which is at its end."""
    used = [text for text in strings(yaml.safe_load(SNIPPETS["github"])) if "@v" in text]
    assert used
    assert all(int(action.partition("@v")[2]) >= NODE_24 for action in used)
