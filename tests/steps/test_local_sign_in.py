"""Functions on this machine with sign-in in front, as a notebook starts them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatkit.cloud import local_cloud
from chatkit.core.errors import SetupError
from chatkit.core.ports import any_free
from chatkit.lesson.http import get
from chatkit.steps import local_settings, page_config
from chatkit.steps.local_servers import FUNCTIONS, LocalServers
from chatkit.workshop import Workshop
from tests.homes import workshop_in
from tests.localcloud.functions.functions_testing import write_app

WHO = """
@app.route(route='who')
def who(req):
    return req.headers.get('x-ms-client-principal-name') or 'nobody'
"""


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A workshop with a small function app and a page that calls it."""
    home = tmp_path_factory.mktemp("sign-in") / "home"
    with pytest.MonkeyPatch.context() as patch, workshop_in(home) as workshop:
        patch.setattr(local_settings, "PORT", any_free())
        write_app(workshop.functions_folder, WHO)
        workshop.page_folder.mkdir()
        page_config.write(workshop.page_folder, "http://localhost:7071")
        yield workshop


def asked(workshop: Workshop, **headers: str) -> str:
    """Whom the functions take somebody for."""
    return get(f"{workshop.local_api_base_url}/api/who", headers=headers).text


@pytest.mark.slow
def test_sign_in_is_switched_on_and_off(workshop: Workshop) -> None:
    """At the same address; the page knows it, and nobody is believed without a session."""
    spoofed = {"X-MS-CLIENT-PRINCIPAL-NAME": "bob"}
    workshop.start_functions()
    before = workshop.local_api_base_url
    assert asked(workshop, **spoofed) == "bob"
    with pytest.raises(SetupError, match="auth=True"):
        workshop.sign_in_as("alice", where="local")
    shown = workshop.start_functions(auth=True)
    assert shown.text == "The functions run on this machine, with sign-in in front."
    assert workshop.local_api_base_url == before
    assert asked(workshop, **spoofed) == "nobody"
    alice = workshop.sign_in_as("alice", where="local")
    assert asked(workshop, **alice.headers, **spoofed) == alice.name
    config = (workshop.page_folder / page_config.FILE).read_text(encoding="utf-8")
    assert '"signIn": "aad"' in config
    # The same again is the one that runs; it keeps who is signed in when it starts anew.
    workshop.start_functions(auth=True)
    assert asked(workshop, **alice.headers) == alice.name
    workshop.stop_functions()
    workshop.start_functions(auth=True)
    assert asked(workshop, **alice.headers) == alice.name
    workshop.start_functions()
    assert asked(workshop, **spoofed) == "bob"
    config = (workshop.page_folder / page_config.FILE).read_text(encoding="utf-8")
    assert "signIn" not in config


def test_a_page_that_calls_deployed_functions_stays(tmp_path: Path) -> None:
    """Its own sign-in is not that of the functions here."""
    deployed = "http://localhost:40000"
    page_config.write(tmp_path, deployed, sign_in="aad")
    page_config.follow(tmp_path, "http://localhost:7071", deployed=deployed)
    assert '"signIn": "aad"' in (tmp_path / page_config.FILE).read_text(encoding="utf-8")


def test_functions_that_end_leave_the_cloud_that_they_started(tmp_path: Path) -> None:
    """It holds what was made, and other programs of the home use it."""
    servers = LocalServers(tmp_path / "home")
    app = write_app(tmp_path / "functions", WHO)
    try:
        servers.start_functions(app, port=any_free(), auth=True)
        cloud = local_cloud.running(tmp_path / "home" / "local")
        assert cloud is not None
        assert servers.stop(FUNCTIONS)
        assert local_cloud.running(tmp_path / "home" / "local") == cloud
    finally:
        servers.stop_both()
        local_cloud.stop(tmp_path / "home" / "local")
