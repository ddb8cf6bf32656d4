"""A workshop in which all is well: at the start of every section, step by step as in the notebooks,
nothing is wrong.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from chatkit.cloud import local_cloud
from chatkit.lesson.doctor.diagnose import diagnose
from chatkit.steps.local_servers import FUNCTIONS, PAGE
from chatkit.steps.session import Session
from chatkit.workshop import Workshop
from tests.app_versions import write_app

pytestmark = pytest.mark.slow
RESTART = ("stop_functions", "start_functions")
STEPS: dict[str, tuple[str, ...]] = {
    "00": ("status",),
    "01": ("sign_in",),
    "02": ("create_resource_group", "create_signalr"),
    "03": ("write_local_settings",),
    "04": RESTART,
    "05": RESTART,
    "06": (*RESTART, "prepare_page", "start_page"),
    "07": (
        "create_storage_account",
        "create_function_app",
        "publish_functions",
        "upload_settings",
        "allow_page",
    ),
    "08": ("enable_static_website", "set_page_url", "upload_page"),
    "09": ("publish_functions", "enable_authentication", "set_page_url", "upload_page"),
    "10": ("publish_functions",),
    "11": ("clean_up",),
}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A workshop in which nothing was done; each test does its section."""
    home, before = tmp_path_factory.mktemp("home"), os.environ["CHATKIT_HOME"]
    os.environ["CHATKIT_HOME"] = str(home)
    opened = Workshop.open()
    try:
        yield opened
    finally:
        for server in (FUNCTIONS, PAGE):
            opened.session.servers.stop(server)
        local_cloud.stop(home / "local")
        os.environ["CHATKIT_HOME"] = before


@pytest.mark.parametrize("section", STEPS)
def test_nothing_is_wrong_before_and_after_a_section(workshop: Workshop, section: str) -> None:
    """Every probe was answered, so that silence means health."""
    assert_healthy(workshop)
    if section > "02":
        write_app(workshop.folder, until=section)
    for step in STEPS[section]:
        getattr(workshop, step)()
    assert_healthy(workshop)


def test_a_stopped_local_cloud_is_not_started(workshop: Workshop) -> None:
    """Nothing is asked, nothing is wrong."""
    local_cloud.stop(workshop.home / "local")
    found = diagnose(Session(workshop.home))
    assert found.ok and local_cloud.running(workshop.home / "local") is None
    assert "Subscription" not in {check.what for check in found.checks}


def assert_healthy(workshop: Workshop) -> None:
    found = diagnose(workshop.session)
    assert found.ok and not found.unanswered, found
    assert {
        "Python",
        "Disk",
        "Subscription",
        "Rights",
        "Resource providers",
        "SignalR quota",
        "Region",
        "Cost",
    } <= {check.what for check in found.checks}
