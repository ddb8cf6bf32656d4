"""What Application Insights keeps of an app on Azure.

Azure's Flex Consumption plan has no log stream (github.com/Azure/azure-functions-core-tools/issues/
4585): what an app said is in Application Insights, when the app is connected to it, and a minute or
several late.
https://learn.microsoft.com/azure/azure-functions/configure-monitoring
https://learn.microsoft.com/rest/api/application-insights/query/execute
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from chatkit.cloud.provision.app_settings import read_app_settings
from chatkit.cloud.stack import Stack
from chatkit.core.disk.tail import Tail
from chatkit.core.errors import SetupError
from chatkit.core.text.masking import mask

INSIGHTS = "https://api.applicationinsights.io"
CONNECTION = "APPLICATIONINSIGHTS_CONNECTION_STRING"
QUERY = (
    "union traces, exceptions | where timestamp > datetime({after})"
    " | extend said = iff(isempty(innermostMessage), message, innermostMessage)"
    " | project timestamp, operation_Name, itemType, said | top 500 by timestamp desc"
)
# The host's own words for a function that failed; what follows them is the innermost message.
FAILED = "Exception while executing function: Functions."
LONG_AGO = "2020-01-01T00:00:00Z"


class InsightsLog:
    """What Application Insights keeps of an app on Azure.

    Args:
        stack: The room whose function app it is.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def read(self, after: str = "") -> Tail:
        """Ask Application Insights.

        Raises:
            SetupError: The app is not connected to it; the hint says how it is.
            azure.core.exceptions.AzureError: It refuses.
        """
        settings = read_app_settings(self._stack)
        app = _parts(settings.get(CONNECTION, "")).get("applicationid")
        if not app:
            raise SetupError(
                "Nothing keeps what the functions say on Azure: the Flex Consumption plan has no"
                " log stream, and the app is not connected to Application Insights.",
                hint=f"Connect it: make an Application Insights resource, put its connection"
                f" string into the app setting {CONNECTION}, and run the functions again.",
            )
        client = self._stack.cloud.rest(INSIGHTS, scopes=(f"{INSIGHTS}/.default",))
        body = {"query": QUERY.format(after=after or LONG_AGO)}
        answer = self._stack.calls.call(client.send, "POST", f"/v1/apps/{app}/query", json=body)
        answer.raise_for_status()
        rows = [*reversed(answer.json()["tables"][0]["rows"])]
        position = str(rows[-1][0]) if rows else after
        return Tail("".join(map(_line, rows)), position)


def _line(row: list[Any]) -> str:
    """A row as the host's own log has it."""
    timestamp, function, kind, said = (str(value or "") for value in row)
    at = datetime.fromisoformat(timestamp).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    begin = f"{FAILED}{function}. " if kind == "exception" and function else ""
    return f"[{at}Z] {begin}{mask(said).rstrip()}\n"


def _parts(connection_string: str) -> dict[str, str]:
    """The parts of a connection string by their names in small letters."""
    pairs = (part.partition("=") for part in connection_string.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
