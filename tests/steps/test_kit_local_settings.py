"""local.settings.json of the learner's functions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chatkit.core.errors import AppFileDamaged, SetupError
from chatkit.core.settings import Known
from chatkit.core.work import course_choice
from chatkit.steps import app_files, local_settings

KEY = "Endpoint=http://localhost;Port=8888;AccessKey=c2VjcmV0;Version=1.0;"


def content(folder: Path) -> dict[str, Any]:
    """The file as it is."""
    return dict(json.loads((folder / "local.settings.json").read_text(encoding="utf-8")))


def test_the_file_has_what_a_local_run_needs(tmp_path: Path) -> None:
    """Port and CORS of the seed, and a connection string."""
    local_settings.write(tmp_path, signalr=KEY, storage="UseDevelopmentStorage=true")
    assert content(tmp_path) == {
        "IsEncrypted": False,
        "Values": {
            "AzureWebJobsStorage": "UseDevelopmentStorage=true",
            "FUNCTIONS_WORKER_RUNTIME": "python",
            "AzureSignalRConnectionString": KEY,
        },
        "Host": {"LocalHttpPort": 7071, "CORS": "http://127.0.0.1:5500", "CORSCredentials": True},
    }


def test_only_this_user_can_read_it(tmp_path: Path) -> None:
    """It holds a key."""
    local_settings.write(tmp_path, signalr=KEY, storage="x")
    assert (tmp_path / "local.settings.json").stat().st_mode & 0o077 == 0


def test_what_a_learner_added_stays(tmp_path: Path) -> None:
    """Settings and host options alike."""
    (tmp_path / "local.settings.json").write_text(
        '{"Values": {"MINE": "1"}, "Host": {"Extra": true}}', encoding="utf-8"
    )
    local_settings.write(tmp_path, signalr=KEY, storage="x")
    assert content(tmp_path)["Values"]["MINE"] == "1"
    assert content(tmp_path)["Host"]["Extra"] is True


def test_functions_of_another_course_need_no_signalr(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the tutorial do, and so does a course that has made an instance."""
    local_settings.write(tmp_path, signalr="", storage="UseDevelopmentStorage=true")
    assert "AzureSignalRConnectionString" not in content(tmp_path)["Values"]
    monkeypatch.delenv(course_choice.VARIABLE, raising=False)
    monkeypatch.setenv("CHATKIT_HOME", str(tmp_path / "home"))
    assert local_settings.needs_signalr(Known())
    monkeypatch.setenv(course_choice.VARIABLE, "counter")
    assert not local_settings.needs_signalr(Known())
    assert local_settings.needs_signalr(Known(signalr="chatkit-abc123"))


def test_a_missing_app_of_another_course_is_named_by_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its sections have other numbers than the tutorial's."""
    monkeypatch.setenv(course_choice.VARIABLE, "counter")
    with pytest.raises(SetupError) as caught:
        app_files.begun_functions(tmp_path, "04")
    assert "host.json" in caught.value.hint and "catch_up" not in caught.value.hint


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"Values": 3}', '{"Host": []}', "[" * 99_999, "\x00\udcff"]
)
def test_a_damaged_file_is_named_and_kept(tmp_path: Path, text: str) -> None:
    """The learner repairs it, the kit never throws it away, and says what to do."""
    path = tmp_path / "local.settings.json"
    content = text.encode(errors="surrogateescape")
    path.write_bytes(content)
    with pytest.raises(AppFileDamaged, match=r"local\.settings\.json is damaged: ") as caught:
        local_settings.write(tmp_path, signalr=KEY, storage="x")
    assert "workshop.write_local_settings() writes another one" in caught.value.hint
    assert path.read_bytes() == content


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    """As after a copy that went wrong."""
    (tmp_path / "local.settings.json").mkdir()
    with pytest.raises(AppFileDamaged, match="it cannot be read"):
        local_settings.values(tmp_path)


def test_another_page_origin_is_allowed_once(tmp_path: Path) -> None:
    """When port 5500 is taken."""
    local_settings.write(tmp_path, signalr=KEY, storage="x")
    assert local_settings.allow_origin(tmp_path, "http://127.0.0.1:5501")
    assert not local_settings.allow_origin(tmp_path, "http://127.0.0.1:5501")
    assert content(tmp_path)["Host"]["CORS"] == "http://127.0.0.1:5501"


def test_keys_are_forgotten_and_nothing_else(tmp_path: Path) -> None:
    """Clean-up leaves no live key behind."""
    local_settings.write(tmp_path, signalr=KEY, storage="UseDevelopmentStorage=true")
    assert local_settings.forget_keys(tmp_path) == ["AzureSignalRConnectionString"]
    assert "c2VjcmV0" not in (tmp_path / "local.settings.json").read_text(encoding="utf-8")
    assert local_settings.values(tmp_path)["AzureWebJobsStorage"] == "UseDevelopmentStorage=true"
    assert local_settings.forget_keys(tmp_path / "nothing") == []


def test_development_storage_elsewhere_is_written_out() -> None:
    """The short form means port 10000."""
    assert (
        local_settings.storage_for("http://127.0.0.1:10000/devstoreaccount1")
        == "UseDevelopmentStorage=true"
    )
    assert "BlobEndpoint=http://127.0.0.1:10007/devstoreaccount1;" in local_settings.storage_for(
        "http://127.0.0.1:10007/devstoreaccount1"
    )
