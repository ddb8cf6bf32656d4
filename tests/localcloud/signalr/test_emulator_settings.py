"""`settings.json` of Microsoft's emulator, as its users write it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chatkit.core.errors import SetupError
from chatkit.localcloud.signalr import emulator_settings
from chatkit.localcloud.signalr.core.spec import UpstreamTemplate
from tests.attacks import emulator

URL = "http://localhost:7071/runtime/webhooks/signalr"
# As `asrs-emulator upstream init` writes it.
DEFAULT = {
    "UpstreamSettings": {
        "Templates": [
            {
                "UrlTemplate": URL,
                "EventPattern": "*",
                "HubPattern": "*",
                "CategoryPattern": "*",
            }
        ]
    }
}


def written(folder: Path, text: str) -> Path:
    path = folder / "settings.json"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_default_file_sends_everything_to_the_functions(tmp_path: Path) -> None:
    """One template for all hubs and events."""
    path = written(tmp_path, json.dumps(DEFAULT))
    assert emulator_settings.read(path) == (UpstreamTemplate(URL),)


def test_templates_keep_their_order_and_patterns(tmp_path: Path) -> None:
    """The first that matches gets an event; what Azure has besides does not matter here."""
    templates = [
        {"UrlTemplate": "https://a.example/{hub}", "HubPattern": "chat,room", "Auth": {}},
        {"UrlTemplate": "http://b.example", "CategoryPattern": "messages", "EventPattern": "say"},
    ]
    document = {"Logging": {}, "UpstreamSettings": {"Templates": templates}}
    assert emulator_settings.read(written(tmp_path, json.dumps(document))) == (
        UpstreamTemplate("https://a.example/{hub}", hub_pattern="chat,room"),
        UpstreamTemplate("http://b.example", category_pattern="messages", event_pattern="say"),
    )


def test_the_file_may_be_as_dotnet_reads_it(tmp_path: Path) -> None:
    """A byte order mark, comments, a last comma, names in any case."""
    text = (
        '\ufeff{ // the functions\n "upstreamsettings": {"templates": '
        f'[{{"urltemplate": "{URL}",}},]}}}}'
    )
    assert emulator_settings.read(written(tmp_path, text)) == (UpstreamTemplate(URL),)


@pytest.mark.parametrize("text", ["{}", '{"UpstreamSettings": null}', '{"UpstreamSettings": {}}'])
def test_a_file_without_templates_is_fine(tmp_path: Path, text: str) -> None:
    """Events go nowhere then, as without a file."""
    assert emulator_settings.read(written(tmp_path, text)) == ()
    assert emulator_settings.read(tmp_path / "none.json") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not valid JSON"),
        ("[]", "must hold a JSON object"),
        ('{"UpstreamSettings": []}', "UpstreamSettings in settings.json must be an object"),
        ('{"UpstreamSettings": {"Templates": {"0": {}}}}', "must be a list"),
        ('{"UpstreamSettings": {"Templates": ["http://a"]}}', "Template 1 in settings.json must"),
        ('{"UpstreamSettings": {"Templates": [{}]}}', "Template 1 in settings.json needs a Url"),
        (
            '{"UpstreamSettings": {"Templates": [{"UrlTemplate": "http://a", "HubPattern": 1}]}}',
            "HubPattern of Template 1",
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, words: str) -> None:
    """One sentence names the file and the template."""
    with pytest.raises(SetupError) as caught:
        emulator_settings.read(written(tmp_path, text))
    assert words in str(caught.value)


@pytest.mark.parametrize("name", emulator.SETTINGS)
def test_an_upstream_is_an_address_of_the_web(name: str) -> None:
    """Anything else is refused, with an example of what it should be."""
    document = {"UpstreamSettings": {"Templates": [{"UrlTemplate": emulator.SETTINGS[name]}]}}
    with pytest.raises(SetupError, match="needs a UrlTemplate that begins with http"):
        emulator_settings.from_document(document)


def test_the_option_takes_a_file_or_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the emulator's own; without it the file is the one here, there or not."""
    monkeypatch.chdir(tmp_path)
    assert emulator_settings.find(None) == tmp_path / "settings.json"
    path = written(tmp_path, "{}")
    assert emulator_settings.find(path) == emulator_settings.find(tmp_path) == path
    with pytest.raises(SetupError, match="There is no settings file at"):
        emulator_settings.find(tmp_path / "other")
