"""The build log of a deployment: bounded, appended to, told without what is secret."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from chatkit.localcloud.core.store import Store
from chatkit.localcloud.functions.deployed import build
from chatkit.localcloud.functions.deployed.build_log import (
    FIRST_LINES,
    LAST_LINES,
    LINE_CHARACTERS,
)
from chatkit.localcloud.functions.deployed.deployments import SUMMARY_LINES, Deployments, Status
from tests import growth
from tests.localcloud.functions.deployed.deployed_cloud import Cloud, app_zip

KEPT_LINES = FIRST_LINES + LAST_LINES


@pytest.fixture
def records(store: Store) -> Deployments:
    """The deployments of one site."""
    return Deployments(store, "site")


def begin(records: Deployments) -> str:
    """Begin a deployment."""
    return records.begin(deployer="test", remote_build=True)


def test_a_log_keeps_its_beginning_and_its_end(records: Deployments) -> None:
    """An installer that prints without end fills no disk, and the log says what is missing."""
    deployment = begin(records)
    for number in range(KEPT_LINES + 250):
        records.log(deployment, f"line {number}")
    messages = [line["message"] for line in records.lines(deployment)]
    assert len(messages) == KEPT_LINES + 1
    assert messages[FIRST_LINES - 1 : FIRST_LINES + 2] == [
        f"line {FIRST_LINES - 1}",
        "... 250 lines are left out ...",
        f"line {FIRST_LINES + 250}",
    ]
    assert messages[-1] == f"line {KEPT_LINES + 249}"


def test_a_log_goes_on_after_a_restart(store: Store, records: Deployments) -> None:
    """Another process counts on, and overwrites nothing."""
    deployment = begin(records)
    records.log(deployment, "before")
    after = Deployments(store, "site")
    after.log(deployment, "after")
    assert [line["message"] for line in after.lines(deployment)] == ["before", "after"]


def test_a_long_line_is_cut_and_its_secrets_are_masked(records: Deployments) -> None:
    """A line without an end is one line of the log, and none of its secrets."""
    deployment = begin(records)
    records.log(deployment, "AccountKey=secret " + "x" * 10 * LINE_CHARACTERS)
    (line,) = records.lines(deployment)
    assert len(line["message"]) <= LINE_CHARACTERS
    assert "secret" not in line["message"]


def test_a_summary_is_bounded(records: Deployments) -> None:
    """It stands in the record, which every poll reads."""
    deployment = begin(records)
    for number in range(SUMMARY_LINES + 5):
        records.log(deployment, f"warning {number}", kind="warnings")
    record = records.get(deployment)
    assert record is not None
    warnings = record["build_summary"]["warnings"]
    assert (len(warnings), warnings[-1]) == (SUMMARY_LINES, f"warning {SUMMARY_LINES + 4}")


def test_a_log_goes_with_its_deployment(store: Store, records: Deployments) -> None:
    """Of old deployments, and of a site that is deleted, nothing stays."""
    for _ in range(11):
        deployment = begin(records)
        records.log(deployment, "a line")
        records.set_status(deployment, Status.SUCCESS)
    assert len([*store.items("deployment-logs/site")]) == 10
    records.forget()
    assert not [*store.items("deployment-logs/site")]


def test_a_line_costs_the_same_however_long_the_log_is(records: Deployments) -> None:
    """The lines before are not written again."""

    def work(count: int) -> None:
        deployment = begin(records)
        for number in range(count):
            records.log(deployment, f"line {number}")

    assert growth.growth(lambda size: size, work, size=50) < growth.LIMIT


async def test_an_installer_that_prints_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over the deployment endpoint: where it began, how it ended, and how much is left out."""
    script = "for number in range(3000): print('line', number)"
    monkeypatch.setattr(build, "installer", lambda *_: [sys.executable, "-c", script])
    async with Cloud(tmp_path) as cloud:
        record = await cloud.publish(app_zip("one", requirements_txt="no-such-package"))
        assert record["status"] == Status.SUCCESS
        assert "log" not in record
        _, lines = await cloud.scm("GET", f"/api/deployments/{record['id']}/log")
    messages = [line["message"] for line in lines]
    assert len(messages) == KEPT_LINES + 1
    assert messages[0] == "Checking the package ..."
    assert messages[-1].startswith("The app serves: ")
    assert "lines are left out" in messages[FIRST_LINES]
