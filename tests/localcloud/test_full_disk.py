"""A disk that fills up in the middle of anything: nothing acknowledged is lost, nothing refused is
left.
"""

from __future__ import annotations

import json
import os
import random
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobBlock, BlobServiceClient, ContainerClient

from chatkit.cloud import local_cloud
from chatkit.cloud.local_cloud import Endpoints
from chatkit.core.errors import SetupError
from chatkit.localcloud.storage.service import DEV_KEY
from tests.attacks import disk as attacks
from tests.localcloud.small_disk import Disk, small_disk

OPERATIONS = 240
SEEDS = [14]
LONG_SEEDS = [*range(100, 112)]
LEFT_BYTES = (0, 0, 1_000, 9_000, 40_000, 200_000)
SIZES = (10, 3_000, 9_000, 200_000)
pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="small disks, and limits of another process, are Linux's"
)


class Refused(Exception):
    """A service has refused a change.

    Attributes:
        status_code: The HTTP status.
    """

    def __init__(self, status_code: int, said: str) -> None:
        super().__init__(f"{status_code} {said}")
        self.status_code = status_code


Value = bytes | str | None


@dataclass
class Cloud:
    """The local cloud of a folder, as its clients see it."""

    folder: Path
    known: Endpoints = field(init=False)

    def start(self) -> None:
        """Start it, and sign in."""
        self.known = local_cloud.start(self.folder)
        self._trust = ssl.create_default_context(cafile=self.known["ca_file"])
        self.tokens = {
            audience: self._sign_in(audience)
            for audience in ("https://management.azure.com", "https://graph.microsoft.com")
        }
        service = BlobServiceClient(self.known["dev_storage"], DEV_KEY, retry_total=0)
        self.box: ContainerClient = service.get_container_client("box")

    @property
    def pid(self) -> int:
        """Its process."""
        return int(self.known["pid"])

    def kill(self) -> None:
        """End it without a chance to tidy up."""
        process = psutil.Process(self.pid)
        process.kill()
        process.wait(10)

    def _sign_in(self, audience: str) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.known["client_id"],
            "client_secret": self.known["client_secret"],
            "scope": f"{audience}/.default",
        }
        url = f"{self.known['authority']}/{self.known['tenant_id']}/oauth2/v2.0/token"
        body = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(url, body, context=self._trust) as answer:
            return str(json.load(answer)["access_token"])

    def arm(self, method: str, path: str, version: str, body: object = None) -> Any:
        """Call Resource Manager below the subscription."""
        url = f"{self.known['resource_manager']}/subscriptions/{self.known['subscription_id']}"
        token = self.tokens["https://management.azure.com"]
        return self._call(method, f"{url}{path}?api-version={version}", token, body)

    def graph(self, method: str, path: str, body: object = None) -> Any:
        """Call Microsoft Graph."""
        token = self.tokens["https://graph.microsoft.com"]
        return self._call(method, f"{self.known['graph']}/v1.0{path}", token, body)

    def _call(self, method: str, url: str, token: str, body: object) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, context=self._trust) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(error.code, error.read().decode()) from None


@dataclass
class Ledger:
    """What was acknowledged, by kind and name.

    Attributes:
        acknowledged: How many changes.
        refused: How many.
    """

    kept: dict[tuple[str, str], Value] = field(default_factory=dict)
    operations: int = 0
    acknowledged: int = 0
    refused: int = 0

    def of(self, kind: str) -> dict[str, Value]:
        """What is there of a kind."""
        found = {name: value for (one, name), value in self.kept.items() if one == kind}
        return {name: value for name, value in found.items() if value is not None}


Change = Callable[[Cloud, Ledger, random.Random], tuple[str, str, Value, Callable[[], object]]]
"""Makes a change: the kind and name of what changes, what it is afterwards, and how to do it."""


def put_blob(cloud: Cloud, ledger: Ledger, dice: random.Random) -> Any:
    """A new blob, or a new content."""
    name = f"b{dice.randrange(12)}"
    data = dice.randbytes(dice.choice(SIZES))
    return "blob", name, data, lambda: cloud.box.upload_blob(name, data, overwrite=True)


def put_blocks(cloud: Cloud, ledger: Ledger, dice: random.Random) -> Any:
    """A content in two blocks."""
    name = f"b{dice.randrange(12)}"
    blob = cloud.box.get_blob_client(name)
    first = dice.randbytes(dice.choice(SIZES))
    second = dice.randbytes(dice.choice(SIZES))

    def change() -> None:
        blob.stage_block("0001", first)
        blob.stage_block("0002", second)
        blob.commit_block_list([BlobBlock("0001"), BlobBlock("0002")])

    return "blob", name, first + second, change


def copy_blob(cloud: Cloud, ledger: Ledger, dice: random.Random) -> Any:
    """The content of another one."""
    known = ledger.of("blob")
    if not known:
        return put_blob(cloud, ledger, dice)
    source = dice.choice(sorted(known))
    name = f"b{dice.randrange(12)}"
    url = cloud.box.get_blob_client(source).url
    blob = cloud.box.get_blob_client(name)
    return "copy", name, f"of {source}", lambda: blob.start_copy_from_url(url)


def append(cloud: Cloud, ledger: Ledger, dice: random.Random) -> Any:
    """More of a log; its first line makes it."""
    name = f"log{dice.randrange(3)}"
    log = cloud.box.get_blob_client(name)
    before = ledger.kept.get(("log", name))
    if not isinstance(before, bytes):
        return "log", name, b"", log.create_append_blob
    data = dice.randbytes(dice.choice((20, 5_000, 30_000)))
    return "log", name, before + data, lambda: log.append_block(data)


def set_metadata(cloud: Cloud, ledger: Ledger, dice: random.Random) -> Any:
    """A blob's metadata, which are kept apart from its content."""
    known = ledger.of("blob")
    if not known:
        return put_blob(cloud, ledger, dice)
    name = dice.choice(sorted(known))
    value = "m" * dice.choice((1, 2_000))
    blob = cloud.box.get_blob_client(name)
    return "metadata", name, value, lambda: blob.set_blob_metadata({"note": value})


def delete_blob(cloud: Cloud, ledger: Ledger, dice: random.Random) -> Any:
    """A blob, or a log, less."""
    known = [*ledger.of("blob"), *ledger.of("log")]
    if not known:
        return put_blob(cloud, ledger, dice)
    name = dice.choice(sorted(known))
    kind = "log" if name.startswith("log") else "blob"
    return kind, name, None, lambda: cloud.box.delete_blob(name)


def put_group(cloud: Cloud, ledger: Ledger, dice: random.Random) -> Any:
    """A resource group, or its tags."""
    name = f"g{dice.randrange(6)}"
    tag = str(dice.randrange(10**6)) * dice.choice((1, 30))
    body = {"location": "eastus2", "tags": {"note": tag}}
    path = f"/resourceGroups/{name}"
    return "group", name, tag, lambda: cloud.arm("PUT", path, GROUPS, body)


def put_signalr(cloud: Cloud, ledger: Ledger, dice: random.Random) -> Any:
    """A SignalR instance in a group that stays."""
    name = f"sig{dice.randrange(4)}x1y2"
    tag = str(dice.randrange(10**6))
    body = {"location": "eastus2", "sku": {"name": "Standard_S1"}, "tags": {"note": tag}}
    return "signalr", name, tag, lambda: cloud.arm("PUT", signalr_path(name), SIGNALR, body)


def delete_signalr(cloud: Cloud, ledger: Ledger, dice: random.Random) -> Any:
    """An instance less."""
    known = ledger.of("signalr")
    if not known:
        return put_signalr(cloud, ledger, dice)
    name = dice.choice(sorted(known))
    return "signalr", name, None, lambda: cloud.arm("DELETE", signalr_path(name), SIGNALR)


def put_application(cloud: Cloud, ledger: Ledger, dice: random.Random) -> Any:
    """A registration in Microsoft Graph."""
    name = f"app {dice.randrange(10**6)}"
    body = {"displayName": name, "web": {"redirectUris": ["https://localhost/" + "x" * 500]}}
    return "application", name, "", lambda: cloud.graph("POST", "/applications", body)


def delete_application(cloud: Cloud, ledger: Ledger, dice: random.Random) -> Any:
    """A registration less."""
    known = ledger.of("application")
    if not known:
        return put_application(cloud, ledger, dice)
    name = dice.choice(sorted(known))

    def change() -> None:
        (found,) = (one for one in applications(cloud) if one["displayName"] == name)
        cloud.graph("DELETE", f"/applications/{found['id']}")

    return "application", name, None, change


GROUPS = "2025-04-01"
SIGNALR = "2023-02-01"
BY_NAME: dict[str, Change] = {
    "put a blob": put_blob,
    "put two blocks and commit them": put_blocks,
    "copy a blob": copy_blob,
    "append to a log": append,
    "set metadata": set_metadata,
    "delete a blob": delete_blob,
    "put a resource group": put_group,
    "put a SignalR instance": put_signalr,
    "delete a SignalR instance": delete_signalr,
    "register an application": put_application,
    "delete an application": delete_application,
}
CHANGES: list[Change] = [
    *[put_blob] * 4,
    put_blocks,
    copy_blob,
    *[append] * 5,
    set_metadata,
    *[delete_blob] * 2,
    *[put_group] * 2,
    put_signalr,
    delete_signalr,
    put_application,
    delete_application,
]


def signalr_path(name: str) -> str:
    """Path of an instance."""
    return f"/resourceGroups/stays/providers/Microsoft.SignalRService/SignalR/{name}"


def applications(cloud: Cloud) -> list[dict[str, Any]]:
    """Every registration."""
    found: list[dict[str, Any]] = cloud.graph("GET", "/applications")["value"]
    return found


def run_one(cloud: Cloud, ledger: Ledger, dice: random.Random, disk: Disk, make: Change) -> None:
    """Make a change, and note whether it was acknowledged."""
    kind, name, after, change = make(cloud, ledger, dice)
    ledger.operations += 1
    try:
        change()
    except (HttpResponseError, Refused) as error:
        check_refusal(error, disk)
        assert after is not None or not disk.has_reserve, f"DELETE of {name} is refused: {error}"
        ledger.refused += 1
        return
    ledger.acknowledged += 1
    if kind == "copy":
        source = str(after).removeprefix("of ")
        ledger.kept["blob", name] = ledger.kept["blob", source]
        ledger.kept["metadata", name] = ledger.kept.get(("metadata", source))
        return
    ledger.kept[kind, name] = after
    if kind == "blob":
        ledger.kept["metadata", name] = None  # a new content has none


def check_refusal(error: HttpResponseError | Refused, disk: Disk) -> None:
    """The answer says which disk it is."""
    assert error.status_code == 507, error
    assert disk.refusal in str(error), error
    assert "Traceback" not in str(error)
    if disk.has_reserve:
        assert str(disk.folder) in str(error)


def check(cloud: Cloud, ledger: Ledger) -> None:
    """What was acknowledged is there, byte for byte, and nothing else is."""
    blobs = {**ledger.of("blob"), **ledger.of("log")}
    sizes = {item.name: item.size for item in cloud.box.list_blobs()}
    assert sizes == {name: len(value or b"") for name, value in blobs.items()}
    for name, value in blobs.items():
        found = cloud.box.download_blob(name)
        assert found.readall() == value, f"{name} is not what was acknowledged"
        note = ledger.kept.get(("metadata", name))
        assert found.properties.metadata.get("note") == note
    groups = cloud.arm("GET", "/resourceGroups", GROUPS)["value"]
    assert notes(groups) == {**ledger.of("group"), "stays": ""}
    path = "/resourceGroups/stays/providers/Microsoft.SignalRService/SignalR"
    assert notes(cloud.arm("GET", path, SIGNALR)["value"]) == ledger.of("signalr")
    names = sorted(one["displayName"] for one in applications(cloud))
    assert names == sorted([*ledger.of("application"), "Azure CLI", "chatkit"])


def notes(resources: list[dict[str, Any]]) -> Mapping[str, str]:
    """The tag of each."""
    return {one["name"]: (one["tags"] or {}).get("note", "") for one in resources}


@contextmanager
def prepared(folder: Path) -> Iterator[tuple[Disk, Cloud]]:
    """A cloud on a small disk, with a container and a group."""
    with small_disk(folder) as disk:
        cloud = Cloud(disk.folder / "local")
        cloud.start()
        try:
            cloud.box.create_container()
            body = {"location": "eastus2", "tags": {"note": ""}}
            cloud.arm("PUT", "/resourceGroups/stays", GROUPS, body)
            cloud.arm("POST", "/providers/Microsoft.SignalRService/register", GROUPS)
            yield disk, cloud
        finally:
            disk.empty(cloud.pid)
            local_cloud.stop(cloud.folder)


def fill_and_go_on(folder: Path, seed: int, operations: int) -> Ledger:
    """Mixed operations, while the disk is filled and emptied and the process killed."""
    dice = random.Random(seed)
    ledger = Ledger()
    with prepared(folder) as (disk, cloud):
        while ledger.operations < operations:
            if dice.random() < 0.6:
                disk.fill(cloud.pid, left_bytes=dice.choice(LEFT_BYTES))
            else:
                disk.empty(cloud.pid)
            for _ in range(dice.randrange(4, 16)):
                run_one(cloud, ledger, dice, disk, dice.choice(CHANGES))
            if dice.random() < 0.3:
                check(cloud, ledger)
            if dice.random() < 0.1:
                cloud.kill()
                start_on_a_full_disk(cloud, disk)
                check(cloud, ledger)
        disk.empty(cloud.pid)
        cloud.kill()
        cloud.start()
        check(cloud, ledger)
        files = {*os.listdir(cloud.folder / "blobs" / "devstoreaccount1")}
        assert len(files) <= 2 * len({**ledger.of("blob"), **ledger.of("log")})
        for log in ("cloud.log", "cloud.out"):
            assert "Traceback" not in (cloud.folder / log).read_text(encoding="utf-8")
    return ledger


def report(seed: int, ledger: Ledger) -> None:
    """Figures for `pytest -s`."""
    print(
        f"\nseed {seed}: {ledger.operations} operations, {ledger.acknowledged} acknowledged,"
        f" {ledger.refused} refused, 0 lost"
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_acknowledged_is_lost_to_a_full_disk(tmp_path: Path, seed: int) -> None:
    """A few hundred changes of everything, on a disk that fills up at random points."""
    ledger = fill_and_go_on(tmp_path, seed, OPERATIONS)
    report(seed, ledger)
    assert ledger.acknowledged and ledger.refused


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Disk, Cloud, Ledger]]:
    """A cloud on a small disk that has something of everything."""
    with prepared(tmp_path_factory.mktemp("used")) as (disk, cloud):
        ledger = Ledger()
        dice = random.Random(1)
        for make in (put_blob, append, put_signalr, put_application) * 3:
            run_one(cloud, ledger, dice, disk, make)
        yield disk, cloud, ledger


@pytest.mark.parametrize("name", attacks.ON_A_FULL_DISK)
def test_a_full_disk_refuses_or_keeps(used: tuple[Disk, Cloud, Ledger], name: str) -> None:
    """With nothing left: what is refused leaves nothing; with room again, it is done."""
    disk, cloud, ledger = used
    dice = random.Random(name)
    disk.fill(cloud.pid, left_bytes=0)
    try:
        for _ in range(6):
            run_one(cloud, ledger, dice, disk, BY_NAME[name])
        check(cloud, ledger)
    finally:
        disk.empty(cloud.pid)
    refused = ledger.refused
    run_one(cloud, ledger, dice, disk, BY_NAME[name])
    assert ledger.refused == refused
    check(cloud, ledger)


def test_a_cloud_starts_on_a_full_disk_or_says_that_it_is_full(
    used: tuple[Disk, Cloud, Ledger],
) -> None:
    """No traceback, no damage: with room again it has everything."""
    disk, cloud, ledger = used
    disk.fill(cloud.pid, left_bytes=0)
    cloud.kill()
    start_on_a_full_disk(cloud, disk)
    check(cloud, ledger)
    disk.empty(cloud.pid)


def start_on_a_full_disk(cloud: Cloud, disk: Disk) -> None:
    """Start it, or read why it does not."""
    try:
        cloud.start()
    except SetupError as error:
        assert "the disk is full" in str(error), error
        disk.empty(cloud.pid)
        cloud.start()


@pytest.mark.long
@pytest.mark.parametrize("seed", LONG_SEEDS)
def test_nothing_acknowledged_is_lost_to_full_disks(tmp_path: Path, seed: int) -> None:
    """The same, more often."""
    report(seed, fill_and_go_on(tmp_path, seed, 4 * OPERATIONS))
