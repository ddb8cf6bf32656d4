"""The REST API at its edges: names, numbers, pages, tokens it makes."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from yarl import URL

from chatkit.wire.tokens import rest_token
from tests.localcloud.signalr.harness import Running

V1 = "/api/v1/hubs/chat"
NEW = "/api/hubs/chat"
VERSIONS = ("2022-06-01", "2022-11-01", "2023-07-01", "2024-01-01", "2024-12-01")
MESSAGE = {"target": "newMessage", "arguments": ["hi"]}


async def raw(running: Running, method: str, path: str, **options: Any) -> int:
    """Status of a request whose path goes out exactly as written."""
    headers = {"Authorization": f"Bearer {rest_token(running.connection, path)}"}
    url = URL(running.url + path, encoded=True)
    async with running.http.request(method, url, headers=headers, **options) as answer:
        return answer.status


@pytest.mark.parametrize(
    ("part", "user"),
    [
        ("a%2Fb", "a/b"),
        ("a%252Fb", "a%2Fb"),
        ("%C3%A9", "é"),
        ("a%20b%3F", "a b?"),
        ("..%2F", "../"),
    ],
)
async def test_a_name_in_a_path_is_decoded_once(running: Running, part: str, user: str) -> None:
    """Whatever is in it, it is one name."""
    client = await running.client(user)
    assert await raw(running, "POST", f"{V1}/users/{part}", json=MESSAGE) == 202
    assert await client.text() == "hi"


@pytest.mark.parametrize(("length", "status"), [(1024, 202), (1025, 400)])
async def test_names_have_a_longest_length(running: Running, length: int, status: int) -> None:
    """Users and groups: 1,024 characters."""
    for kind in ("users", "groups"):
        assert await raw(running, "POST", f"{V1}/{kind}/{'x' * length}", json=MESSAGE) == status


@pytest.mark.parametrize(
    ("ttl", "status"),
    [("0", 200), ("31536000", 200), ("-1", 400), ("1.5", 400), ("soon", 400), ("9" * 11, 400)],
)
async def test_a_time_to_live_is_a_number_of_seconds(
    running: Running, ttl: str, status: int
) -> None:
    """Whole and not negative."""
    assert (await running.rest("PUT", f"{NEW}/users/alice/groups/red", query=f"ttl={ttl}"))[
        0
    ] == status


@pytest.mark.parametrize(
    ("query", "minutes"),
    [("", 60), ("minutesToExpire=1", 1), ("userId=alice&minutesToExpire=1440", 1440)],
)
async def test_a_generated_token_says_who_and_how_long(
    running: Running, query: str, minutes: int
) -> None:
    """An hour unless asked for otherwise; anonymous without a user."""
    _, body, _ = await running.rest("POST", f"{NEW}/:generateToken", query=query)
    claims = jwt.decode(
        body["token"],
        running.spec.token_key,
        algorithms=["HS256"],
        audience="http://localhost/client/?hub=chat",
    )
    assert claims["exp"] - time.time() == pytest.approx(minutes * 60, abs=5)
    assert claims.get("asrs.s.uid", "") == ("alice" if "alice" in query else "")


@pytest.mark.parametrize(
    "query",
    ["minutesToExpire=0", "minutesToExpire=1441", "minutesToExpire=x", "userId=" + "x" * 4000],
)
async def test_a_token_that_cannot_be_made_is_refused(running: Running, query: str) -> None:
    """400 in the service's format."""
    status, body, _ = await running.rest("POST", f"{NEW}/:generateToken", query=query)
    assert status == 400 and set(body) == {"code", "message", "target", "details", "inner"}


@pytest.mark.parametrize(
    ("query", "pages"),
    [
        ("", [4]),
        ("maxpagesize=3", [3, 1]),
        ("top=3", [3]),
        ("top=3&maxpagesize=2", [2, 1]),
        ("top=9", [4]),
    ],
)
async def test_a_group_is_listed_up_to_top_in_pages(
    running: Running, query: str, pages: list[int]
) -> None:
    """nextLink is the address of the next page as it is, with everything but a token in it."""
    clients = [await running.client("alice") for _ in range(4)]
    await running.rest("PUT", f"{V1}/users/alice/groups/red")
    path = f"{NEW}/groups/red/connections"
    _, body, _ = await running.rest("GET", path, query=query)
    sizes = [len(body["value"])]
    headers = {"Authorization": f"Bearer {rest_token(running.connection, path)}"}
    while "nextLink" in body:
        async with running.http.get(URL(body["nextLink"], encoded=True), headers=headers) as answer:
            body = await answer.json()
            sizes.append(len(body["value"]))
    assert (sizes, len(clients)) == (pages, 4)


async def test_an_empty_group_is_an_empty_list(running: Running) -> None:
    """Not an error: groups exist by being joined."""
    _, body, _ = await running.rest("GET", f"{NEW}/groups/nobody/connections")
    assert body == {"value": []}


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_version_has_the_operations(running: Running, version: str) -> None:
    """From 2022-06-01 on, signed as the SDK signs."""
    path = f"{NEW}/:send?api-version={version}"
    assert await raw(running, "POST", path, json=MESSAGE) == 202


# The REST specification's first version with each operation that came later.
LATER = {
    ("POST", "/:generateToken"): "2022-11-01",
    ("POST", "/:execute"): "2023-07-01",
    ("POST", "/connections/x/:invoke"): "2024-12-01",
    ("POST", "/connections/x/streams/1/:send"): "2024-12-01",
    ("POST", "/connections/x/streams/1/:complete"): "2024-12-01",
    ("GET", "/groups/red/connections"): "2024-12-01",
}


async def test_later_operations_need_their_version(running: Running) -> None:
    """Older ones refuse them and name those that have them; version 1.0 has none."""
    for (method, path), since in LATER.items():
        token = rest_token(running.connection, f"{NEW}{path}")
        headers = {"Authorization": f"Bearer {token}"}
        for version in VERSIONS:
            url = f"{running.url}{NEW}{path}?api-version={version}"
            async with running.http.request(method, url, json=MESSAGE, headers=headers) as answer:
                is_refused = "Supported versions" in await answer.text()
            assert is_refused == (version < since), (path, version)
            assert answer.status == 400 or not is_refused
        assert await raw(running, method, f"{V1}{path}", json=MESSAGE) == 404, path
