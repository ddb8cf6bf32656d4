"""What Application Insights tells of an app on Azure, in place of the log stream that its plan does
not have.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from chatkit.cloud.app_log.failures import failures
from chatkit.cloud.app_log.insights import CONNECTION, InsightsLog
from chatkit.cloud.stack import Stack
from chatkit.core.errors import SetupError
from tests.cloud.fake_azure import FakeAzure

SETTINGS = "config/appsettings/list"
ROWS = [
    ["2026-11-29T10:00:02.5Z", "SendMessage", "exception", "Result: Failure\nException: E: no\n"],
    ["2026-11-29T10:00:01.25Z", "SendMessage", "trace", "a key: AccessKey=abcdef"],
]


def test_it_reads_as_the_hosts_own_log(stack: Stack, azure: FakeAzure, tmp_path: Path) -> None:
    """Oldest first, without secrets, and a function that failed is found."""
    connection = "InstrumentationKey=0;ApplicationId=1234"
    azure.on("POST", SETTINGS, (200, {"properties": {CONNECTION: connection}}, {}))
    azure.on("POST", "v1/apps/1234/query", (200, {"tables": [{"rows": ROWS}]}, {}))
    tail = InsightsLog(stack).read()
    assert [line[:26] for line in tail.text.splitlines()[:2]] == [
        "[2026-11-29T10:00:01.25000",
        "[2026-11-29T10:00:02.50000",
    ]
    assert "abcdef" not in tail.text
    assert [one.function for one in failures(tail.text, tmp_path)] == ["SendMessage"]
    InsightsLog(stack).read(tail.position)
    assert ROWS[0][0] in str(azure.sent("POST", "query")[-1].body)


def test_an_app_that_nothing_listens_to_says_what_it_needs(stack: Stack, azure: FakeAzure) -> None:
    """The Flex Consumption plan has no log stream."""
    azure.on("POST", SETTINGS, (200, {"properties": {}}, {}))
    with pytest.raises(SetupError, match="Application Insights") as caught:
        InsightsLog(stack).read()
    assert CONNECTION in caught.value.hint
