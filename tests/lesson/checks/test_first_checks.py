"""Checks of sections 00 and 01 when something lies between the learner and the cloud, or the
sign-in is not as it should be.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import trustme
from azure.identity import ClientSecretCredential

from chatkit.cloud import local_cloud
from chatkit.cloud.connection import Cloud
from chatkit.steps.session import Session
from chatkit.workshop import Workshop
from tests.lesson.doctor.ready_workshop import fails

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A workshop that was opened, and nothing more, in a home of its own."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHATKIT_HOME", str(home))
        yield Workshop.open()
        local_cloud.stop(home / "local")


def reached_by(workshop: Workshop, cloud: Cloud) -> Workshop:
    """The same workshop over another connection."""
    return Workshop(Session(workshop.home, connector=lambda settings, home: cloud))


class Captive(BaseHTTPRequestHandler):
    """Answers every request, and every CONNECT, with a page of its own, as the network of a hotel
    does.
    """

    def do_GET(self) -> None:
        """Show the page."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<h1>Welcome to our wireless network</h1>")

    do_CONNECT = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def captive() -> Iterator[str]:
    """Address of a server that answers everything."""
    with HTTPServer(("127.0.0.1", 0), Captive) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_00_and_01_hold_at_the_start(workshop: Workshop) -> None:
    """Opening a workshop is enough."""
    assert [workshop.check(section).text[:10] for section in ("00", "01")] == [
        "Section 00",
        "Section 01",
    ]


def test_a_short_number_means_the_same_section(workshop: Workshop) -> None:
    """People type 0 and mean 00: that is what is remembered."""
    workshop.begin_at("00")
    assert workshop.check("0").text.startswith("Section 00 works:")
    assert workshop.settings.facts.completed == ("00",)


def test_00_notices_a_network_that_answers_instead(workshop: Workshop, captive: str) -> None:
    """A page of the network, where Resource Manager should be."""
    other_way = reached_by(
        workshop, replace(workshop.cloud, resource_manager=captive, ca_file=None)
    )
    assert "doctor" in fails(other_way, "00", "asked without a token: expected 401, got 200")
    workshop.check("00")


def test_00_notices_a_proxy(
    workshop: Workshop, captive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is asked for addresses of this machine, too.

    The hint's doctor names the variable.
    """
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", captive)
    assert "proxy" in fails(workshop, "00", "Resource Manager: expected an answer, got")
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    workshop.check("00")


def test_00_notices_another_certificate_authority(workshop: Workshop, tmp_path: Path) -> None:
    """Somebody who opens TLS in between, or a certificate of another cloud."""
    other = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    other_way = reached_by(workshop, replace(workshop.cloud, ca_file=other))
    fails(other_way, "00", "Resource Manager: expected an answer, got .*certificate")
    workshop.check("00")


def test_01_notices_a_secret_that_is_wrong(workshop: Workshop) -> None:
    """Entra's own words are in the sentence."""
    cloud = workshop.cloud
    wrong = ClientSecretCredential(
        cloud.tenant_id,
        "00000000-0000-0000-0000-00000000beef",
        "not-it",
        authority=cloud.authority,
        disable_instance_discovery=True,
        connection_verify=str(cloud.ca_file),
    )
    other_way = reached_by(workshop, replace(cloud, credential=wrong))
    assert "az login" in fails(other_way, "01", "Signing in: expected a token, got .*AADSTS700016")
    workshop.check("01")


def test_01_notices_a_subscription_that_is_not_there(workshop: Workshop) -> None:
    """An id from somewhere else."""
    elsewhere = replace(workshop.cloud, subscription_id="00000000-0000-0000-0000-00000000beef")
    other_way = reached_by(workshop, elsewhere)
    assert "az account set" in fails(
        other_way, "01", "The subscription: expected one that you may read, got"
    )
    workshop.check("01")


def test_01_notices_another_tenant(workshop: Workshop) -> None:
    """Signed in, but not where the subscription is."""
    other_way = reached_by(
        workshop,
        replace(workshop.cloud, tenant_id="00000000-0000-0000-0000-00000000beef"),
    )
    assert "az login --tenant" in fails(
        other_way, "01", "The token's tenant .tid.: expected the subscription's tenant"
    )
    workshop.check("01")


def test_01_notices_a_clock_that_is_wrong(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hours fast: every token is over before it begins."""
    now = time.time
    workshop.check("01")
    monkeypatch.setattr("chatkit.lesson.checks.sign_in.time.time", lambda: now() + 7200)
    assert "clock" in fails(workshop, "01", "The token: expected more than a minute left, got -")
    monkeypatch.undo()
    workshop.check("01")
