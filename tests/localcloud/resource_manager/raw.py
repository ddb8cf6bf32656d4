"""Plain HTTPS requests to the local Resource Manager, for what the SDKs hide."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from tests.localcloud.resource_manager.arm_cloud import LocalCloud

VERSIONS = {
    "microsoft.web": "2025-05-01",
    "microsoft.storage": "2026-09-01",
    "microsoft.signalrservice": "2023-02-01",
    "microsoft.managedidentity": "2023-01-31",
}


@dataclass(frozen=True)
class Reply:
    """Status, headers and parsed body."""

    status: int
    headers: Message
    body: Any

    @property
    def code(self) -> str:
        """Error code in both shapes."""
        return str(self.body["error"]["code"] if "error" in self.body else self.body["Code"])


@dataclass
class Raw:
    """A client with a bearer token."""

    cloud: LocalCloud
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.trust = ssl.create_default_context(cafile=self.cloud.endpoints["ca_file"])
        if not self.token:
            self.token = (
                self.cloud.credential().get_token("https://management.azure.com/.default").token
            )

    @property
    def group(self) -> str:
        """Path of the group "class"."""
        return f"/subscriptions/{self.cloud.endpoints['subscription_id']}/resourceGroups/class"

    def __call__(
        self, method: str, path: str, body: Any = None, *, version: str = "", **headers: str
    ) -> Reply:
        """Send one request; a path gets its provider's api-version, a whole URL goes as it is."""
        url = path
        if not path.startswith("https://"):
            namespace = path.lower().partition("/providers/")[2].partition("/")[0]
            mark = "&" if "?" in path else "?"
            version = version or VERSIONS.get(namespace, "2025-04-01")
            url = (
                self.cloud.endpoints["resource_manager"]
                + path
                + (f"{mark}api-version={version}" if version != "-" else "")
            )
        data = (
            body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        )
        sent = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            **self.headers,
            **headers,
        }
        request = urllib.request.Request(
            url, data=data, method=method, headers={k: v for k, v in sent.items() if v}
        )
        try:
            with urllib.request.urlopen(request, context=self.trust, timeout=30) as answer:
                return Reply(answer.status, answer.headers, _parsed(answer.read()))
        except urllib.error.HTTPError as answer:
            with answer:
                return Reply(answer.code, answer.headers, _parsed(answer.read()))


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode()
