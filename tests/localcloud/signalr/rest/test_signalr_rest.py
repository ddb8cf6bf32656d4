"""The REST API: who gets a message, statuses and error codes of both generations."""

from __future__ import annotations

import io
from typing import Any

import pytest

from chatkit.wire.connection_strings import SignalRConnectionString
from chatkit.wire.tokens import rest_token
from tests.localcloud.signalr.harness import Running

MESSAGE = {"target": "newMessage", "arguments": ["hi"]}
V1 = "/api/v1/hubs/chat"
NEW = "/api/hubs/chat"


@pytest.mark.parametrize("path", [V1, f"{NEW}/:send"])
async def test_a_broadcast_reaches_everybody_on_the_hub_only(running: Running, path: str) -> None:
    """Two users get it, a client of another hub does not."""
    alice = await running.client("alice")
    bob = await running.client("bob")
    other = await running.client("carol", hub="other")
    await running.say("hello", path)
    assert [await alice.text(), await bob.text()] == ["hello", "hello"]
    await running.say("elsewhere", "/api/v1/hubs/other")
    assert await other.text() == "elsewhere"


@pytest.mark.parametrize("path", [f"{V1}/users/bob", f"{NEW}/users/bob/:send"])
async def test_a_message_to_a_user_reaches_all_their_connections(
    running: Running, path: str
) -> None:
    """Both of bob's, not alice's."""
    alice = await running.client("alice")
    first = await running.client("bob")
    second = await running.client("bob")
    await running.say("psst", path)
    await running.say("all")
    assert [await first.text(), await second.text(), await alice.text()] == ["psst", "psst", "all"]


@pytest.mark.parametrize("path", [f"{V1}/connections/%s", f"{NEW}/connections/%s/:send"])
async def test_a_message_to_a_connection_reaches_that_one(running: Running, path: str) -> None:
    """And no other of the same user; an unknown connection is accepted in silence."""
    first = await running.client("bob")
    second = await running.client("bob")
    wanted = running.instance.connections.all()[0].id
    await running.say("one", path % wanted)
    await running.say("none", path % "unknown")
    await running.say("all")
    assert [await first.text(), await first.text(), await second.text()] == ["one", "all", "all"]


@pytest.mark.parametrize("path", [f"{V1}/groups/red", f"{NEW}/groups/red/:send"])
async def test_a_message_to_a_group_reaches_its_members(running: Running, path: str) -> None:
    """Connections that joined, until they leave."""
    alice = await running.client("alice")
    bob = await running.client("bob")
    member = next(c for c in running.instance.connections.all() if c.user_id == "alice").id
    assert (await running.rest("PUT", f"{V1}/groups/red/connections/{member}"))[0] == 200
    await running.say("red", path)
    assert (await running.rest("DELETE", f"{NEW}/connections/{member}/groups/red"))[0] == 200
    await running.say("red again", path)
    await running.say("all")
    assert [await alice.text(), await alice.text(), await bob.text()] == ["red", "all", "all"]


async def test_excluded_connections_are_left_out(running: Running) -> None:
    """`excluded` may repeat."""
    alice = await running.client("alice")
    bob = await running.client("bob")
    ids = {c.user_id: c.id for c in running.instance.connections.all()}
    await running.rest("POST", f"{V1}", MESSAGE, query=f"excluded={ids['alice']}&excluded=x")
    await running.say("all")
    assert [await alice.text(), await bob.text(), await bob.text()] == ["all", "hi", "all"]


@pytest.mark.parametrize(
    ("method", "path", "v1", "new"),
    [
        ("PUT", "/users/{u}/groups/g", 202, 200),
        ("PUT", "/groups/g/users/{u}", 202, 200),
        ("DELETE", "/users/{u}/groups/g", 202, 204),
        ("DELETE", "/users/{u}/groups", 200, 204),
        ("DELETE", "/connections/{c}", 202, 200),
        ("DELETE", "/connections/{c}/groups", 200, 200),
        ("PUT", "/connections/{c}/groups/g", 200, 200),
        ("GET", "/connections/{c}", 200, 200),
        ("HEAD", "/connections/{c}", 200, 200),
        ("HEAD", "/users/{u}", 200, 200),
    ],
)
async def test_statuses_of_both_generations(
    running: Running, method: str, path: str, v1: int, new: int
) -> None:
    """As documented, also where they differ."""
    statuses = []
    for base in (V1, NEW):
        client = await running.client("alice")
        connection = running.instance.connections.all()[-1].id
        statuses.append(
            (await running.rest(method, base + path.format(u="alice", c=connection)))[0]
        )
        await client.socket.close()
    assert statuses == [v1, new]


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("HEAD", "/connections/x", "Warning.Connection.NotExisted"),
        ("GET", "/users/x", "Warning.User.NotExisted"),
        ("HEAD", "/groups/x", "Warning.Group.NotExisted"),
        ("GET", "/users/x/groups/g", "Info.User.NotInGroup"),
        ("GET", "/groups/g/users/x", "Info.User.NotInGroup"),
        ("PUT", "/groups/g/connections/x", "Error.Connection.NotExisted"),
        ("DELETE", "/groups/g/connections/x", "Error.Connection.NotExisted"),
    ],
)
@pytest.mark.parametrize("base", [V1, NEW])
async def test_what_is_missing_has_its_code(
    running: Running, base: str, method: str, path: str, code: str
) -> None:
    """404 with the header that Microsoft's SDK asks for."""
    status, _, headers = await running.rest(method, base + path)
    assert (status, headers.get("x-ms-error-code")) == (404, code)


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        (f"{V1}", "", 400, "Message in request body is required."),
        (f"{V1}", "[1]", 400, "Message in request body is required."),
        (f"{V1}", "{", 400, "not valid JSON"),
        (f"{V1}", '{"arguments": []}', 400, "target"),
        (f"{V1}", '{"target": "x", "arguments": {}}', 400, "array"),
        (f"{V1}", '{"target": "x", "arguments": ["' + "y" * 1_100_000 + '"]}', 413, "1 MB"),
        ("/api/v1/hubs/1chat", '{"target": "x"}', 400, "Invalid hub name"),
        (f"{V1}/groups/%20", '{"target": "x"}', 400, "Invalid group name"),
        (f"{NEW}/:execute", "{}", 400, "array of commands"),
        (f"{NEW}/connections/x/streams/1/:send", "{}", 501, "not provided"),
    ],
)
async def test_a_bad_request_is_answered_in_the_services_format(
    running: Running, path: str, body: str, status: int, words: str
) -> None:
    """Code, message, target, details, inner."""
    version = "?api-version=2024-12-01" if path.startswith(NEW) else ""
    headers = {
        "Authorization": f"Bearer {rest_token(running.connection, path)}",
        "Content-Type": "application/json",
    }
    async with running.http.post(
        running.url + path + version, data=io.BytesIO(body.encode()), headers=headers
    ) as answer:
        error = await answer.json()
    assert (answer.status, set(error)) == (
        status,
        {"code", "message", "target", "details", "inner"},
    )
    assert words in error["message"]


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 400), ("?api-version=1999-01-01", 400), ("?api-version=2022-06-01", 202)],
)
async def test_new_paths_need_a_known_version(running: Running, query: str, status: int) -> None:
    """Absent and unknown versions are refused."""
    headers = {"Authorization": f"Bearer {rest_token(running.connection, NEW + '/:send' + query)}"}
    async with running.http.post(
        f"{running.url}{NEW}/:send{query}", json=MESSAGE, headers=headers
    ) as answer:
        assert answer.status == status


async def test_health_needs_no_token(running: Running) -> None:
    """Both generations."""
    statuses = [
        (await running.rest(method, path, token=""))[0]
        for method in ("GET", "HEAD")
        for path in ("/api/v1/health", "/api/health")
    ]
    assert statuses == [200] * 4


async def test_no_token_gets_a_bare_challenge(running: Running) -> None:
    """401, empty body."""
    status, body, headers = await running.rest("POST", V1, MESSAGE, token="")
    assert (status, body, headers["WWW-Authenticate"]) == (401, None, "Bearer")


@pytest.mark.parametrize("why", ["expired", "foreign key", "client token", "other path", "forged"])
async def test_a_wrong_token_is_refused(running: Running, why: str) -> None:
    """401 with a reason in the challenge and nothing in the body."""
    stranger = SignalRConnectionString("http://localhost", "another-key-" * 3, running.spec.port)
    tokens = {
        "expired": rest_token(running.connection, V1, lifetime_s=-60),
        "foreign key": rest_token(stranger, V1),
        "client token": running.token("alice"),
        "other path": rest_token(running.connection, "/api/v1/hubs/other"),
        "forged": rest_token(running.connection, V1)[:-4] + "AAAA",
    }
    status, body, headers = await running.rest("POST", V1, MESSAGE, token=tokens[why])
    assert (status, body) == (401, None)
    assert 'error="invalid_token"' in headers["WWW-Authenticate"]


async def test_the_log_names_the_expected_audiences(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    """The message people miss most."""
    await running.rest(
        "POST", V1, MESSAGE, token=rest_token(running.connection, "/api/v1/hubs/other")
    )
    assert "Expected Audiences: ['http://localhost/api/v1/hubs/chat']" in caplog.text.replace(
        ":" + str(running.spec.port), ""
    )


async def test_both_keys_count_and_a_new_key_counts_at_once(running: Running) -> None:
    """Rotation: tokens of the old value are refused from the next request on.

    Open connections stay.
    """
    alice = await running.client("alice")
    old = rest_token(running.connection, V1)
    secondary = rest_token(
        SignalRConnectionString("http://localhost", running.spec.secondary_key), V1
    )
    await running.change(primary_key="rotated-key-" * 3)
    statuses = [
        (await running.rest("POST", V1, MESSAGE, token=token))[0]
        for token in (old, secondary, None)
    ]
    assert statuses == [401, 202, 202]
    assert [await alice.text(), await alice.text()] == ["hi", "hi"]


async def test_the_query_may_be_signed_too(running: Running) -> None:
    """Microsoft's SDK signs the path with its api-version."""
    status, _, _ = await running.rest(
        "POST",
        f"{NEW}/:send",
        MESSAGE,
        token=rest_token(running.connection, f"{NEW}/:send?api-version=2024-12-01"),
    )
    assert status == 202


async def test_a_generated_token_connects(running: Running) -> None:
    """:generateToken gives what a client needs."""
    _, body, _ = await running.rest(
        "POST", f"{NEW}/:generateToken", query="userId=alice&minutesToExpire=5"
    )
    async with running.http.ws_connect(
        f"{running.url}/client/?hub=chat", headers={"Authorization": f"Bearer {body['token']}"}
    ):
        assert [c.user_id for c in running.instance.connections.all()] == ["alice"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("userId eq 'alice'", {"alice"}),
        ("startswith(userId, 'b')", {"bob"}),
        ("not (userId eq 'alice') and length(userId) gt 3", {"carol"}),
        ("'red' in groups", {"bob"}),
        ("userId in ('alice', 'carol')", {"alice", "carol"}),
        ("userId eq null", {""}),
        ("", {"alice", "bob", "carol", ""}),
    ],
)
async def test_commands_run_for_those_the_filter_picks(
    running: Running, text: str, expected: set[str]
) -> None:
    """:execute with SendMessage and JoinGroup."""
    clients = {user: await running.client(user) for user in ("alice", "bob", "carol", "")}
    bob = next(c for c in running.instance.connections.all() if c.user_id == "bob")
    running.instance.connections.hub("chat").join(bob, "red")
    commands = [
        {"type": "JoinGroup", "group": "chosen"},
        {"type": "SendMessage", "message": MESSAGE},
    ]
    status, _, _ = await running.rest("POST", f"{NEW}/:execute", commands, query=f"filter={text}")
    await running.say("end")
    got = {user for user, client in clients.items() if await client.text() == "hi"}
    members = {c.user_id for c in running.instance.connections.all() if "chosen" in c.groups}
    assert (status, got, members) == (202, expected, expected)


@pytest.mark.parametrize(
    "text", ["userId", "userId eq", "(", "'a", "foo eq 1", "startswith(userId)", "(" * 50 + "1"]
)
async def test_a_filter_that_cannot_be_read_is_refused(running: Running, text: str) -> None:
    """400 with the filter in the sentence, and no command runs.

    A lone name is a filter: it asks whether there is one.
    """
    alice = await running.client("alice")
    status, _, _ = await running.rest(
        "POST",
        f"{NEW}/:execute",
        [{"type": "SendMessage", "message": MESSAGE}],
        query=f"filter={text}",
    )
    await running.say("end")
    assert (status, await alice.text()) == ((202, "hi") if text == "userId" else (400, "end"))


async def test_a_group_is_listed_in_pages(running: Running) -> None:
    """nextLink leads through all members once."""
    clients = {user: await running.client(user) for user in ("alice", "bob", "carol")}
    for user in clients:
        await running.rest("PUT", f"{V1}/users/{user}/groups/red")
    seen: list[Any] = []
    query = "maxpagesize=2"
    while query:
        _, body, _ = await running.rest("GET", f"{NEW}/groups/red/connections", query=query)
        seen += [entry["userId"] for entry in body["value"]]
        link = body.get("nextLink", "")
        query = (
            "maxpagesize=2&continuationToken="
            + link.partition("continuationToken=")[2].partition("&")[0]
            if link
            else ""
        )
    assert sorted(seen) == ["alice", "bob", "carol"]


@pytest.mark.parametrize(
    ("path", "closed"),
    [("/:closeConnections", {"alice", "bob"}), ("/users/bob/:closeConnections", {"bob"})],
)
async def test_closing_many_connections(running: Running, path: str, closed: set[str]) -> None:
    """204; each gets the reason and then the end of its transport."""
    clients = {user: await running.client(user) for user in ("alice", "bob")}
    status, _, _ = await running.rest("POST", NEW + path, query="reason=bye")
    assert status == 204
    for user in closed:
        assert await clients[user].next() == {"type": 7, "error": "bye"}
        assert await clients[user].next() is None
