"""A workshop in which all is well: at the start of every section, step by step as in the notebooks,
nothing is wrong.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from chatkit.cloud import local_cloud
from chatkit.lesson.doctor.diagnose import diagnose
from chatkit.lesson.sections import CLEAN_UP
from chatkit.steps.session import Session
from chatkit.workshop import Workshop
from tests.app_versions import write_app
from tests.homes import workshop_in

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
    # Section 12 begins with what 10 leaves.
    "12": (
        "assign_roles",
        "use_identity",
        "remove_client_secret",
        "disable_keys",
        "write_local_settings",
    ),
    CLEAN_UP.number: ("clean_up",),
}


@pytest.mark.long
def test_nothing_is_wrong_before_and_after_any_section(tmp_path: Path) -> None:
    """Step by step as in the notebooks. Every probe was answered, so that silence means health."""
    with workshop_in(tmp_path) as workshop:
        assert_healthy(workshop, "at the start")
        for section, steps in STEPS.items():
            if section > "02":
                write_app(workshop.folder, until=section)
            for step in steps:
                getattr(workshop, step)()
            assert_healthy(workshop, f"after section {section}")


def test_a_stopped_local_cloud_is_not_started(tmp_path: Path) -> None:
    """Nothing is asked, nothing is wrong."""
    with workshop_in(tmp_path) as workshop:
        local_cloud.stop(workshop.home / "local")
        found = diagnose(Session(workshop.home))
        assert found.ok and local_cloud.running(workshop.home / "local") is None
        assert "Subscription" not in {check.what for check in found.checks}


def assert_healthy(workshop: Workshop, when: str) -> None:
    found = diagnose(workshop.session)
    assert found.ok is True, (when, found)
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
