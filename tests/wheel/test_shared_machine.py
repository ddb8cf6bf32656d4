"""A machine that several people share: everybody has a chat of their own, and meets nobody's."""

from __future__ import annotations

import json
import ssl
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.wheel.lab import lab, opened
from tests.wheel.people import Person, environment_of_root, needs_root, people, shared_machine
from tests.wheel.strangers import answer, is_refused

pytestmark = [needs_root, pytest.mark.slow]
THEME = "/lab/api/settings/@jupyterlab/apputils-extension:themes"
SECRETS = ("client_secret", "control_token", "tenant_id", "subscription_id", "identity_header")
NO_KERNEL = "/bin/false"
SAYS = """
from chatkit import Workshop, get, post
workshop = Workshop.open()
api, alice = f"{workshop.api_base_url}/api/messages", workshop.sign_in_as("alice")
post(api, {"text": "This is said by %s."}, headers=alice.headers)
print(get(f"{api}?limit=200", headers=alice.headers).text)
"""

ENDS = """
from pathlib import Path
import nbformat
from chatkit.core.settings import kit
from chatkit.lesson.notebooks import execution
(path,) = (kit() / "notebooks").glob("11-*.ipynb")
content = nbformat.read(path, as_version=4)
execution.execute(content, path.name, Path.cwd(), done=lambda _: None)
print(nbformat.writes(content))
"""
"""The last notebook, alone: `chatkit run --until 11` would run all of them again."""


@pytest.fixture(scope="module")
def machine(wheel: Path) -> Iterator[tuple[Path, Path]]:
    """A shared folder, and the `chatkit` of an environment in it that only root may change."""
    with shared_machine() as folder:
        yield folder, environment_of_root(folder / "environment", wheel)


def test_an_ordinary_user_has_lab_from_an_environment_of_others(
    machine: tuple[Path, Path],
) -> None:
    """Home, notebooks and Lab's settings are that user's; no variable says so."""
    with people(1, *machine) as (alice,):
        has_once_installed_a_kernel(alice)
        with lab([str(alice.chatkit)], alice.home, alice.variables, user=alice.uid) as address:
            assert "apputils-extension:announcements" in opened(address)
            assert "00-start-here" in opened(address.replace("/?", "/api/contents/notebooks?"))
            assert NO_KERNEL not in opened(address.replace("/?", "/api/kernelspecs?"))
            body = json.dumps({"raw": '{"theme": "JupyterLab Dark"}'}).encode()
            assert opened(address.replace("/?", f"{THEME}?"), put=body) == ""
            with pytest.raises(urllib.error.HTTPError, match="403"):
                opened(address.partition("/?")[0] + "/api/contents")
        notebooks = alice.home / "chatkit" / "my-chat" / "notebooks"
        assert (notebooks / "00-start-here.ipynb").stat().st_uid == alice.uid
        assert (alice.home / "chatkit" / ".chatkit" / "notebooks.json").exists()
        assert [*(alice.home / ".jupyter" / "lab" / "user-settings").rglob("themes*")]


@pytest.mark.long
@pytest.mark.parametrize("count", [3, 6], ids=lambda count: f"{count}-people")
def test_people_do_the_tutorial_at_once_and_meet_nobody(
    machine: tuple[Path, Path], count: int
) -> None:
    """Neither ports nor files, tokens or messages of anybody else."""
    before = {*Path("/tmp").iterdir()}  # of earlier users of these numbers
    with people(count, *machine) as everybody:
        has_once_installed_a_kernel(everybody[0])
        runs = [person.start(str(person.chatkit), "run") for person in everybody]
        for run in runs:
            said, _ = run.communicate()
            assert run.returncode == 0 and "The chat page: http" in said, said
        each_has_ports_of_its_own(everybody)
        nobody_reads_files_of_others(everybody)
        nothing_lies_elsewhere(everybody, before)
        nobody_has_secrets_that_others_take(everybody)
        nobody_hears_others(everybody)
        cleaning_up_ends_with_a_whole_receipt(everybody)
        stops = [person.start(str(person.chatkit), "stop") for person in everybody]
        assert [stop.communicate() and stop.returncode for stop in stops] == [0] * count
        assert [person.ports() for person in everybody] == [set()] * count


def has_once_installed_a_kernel(person: Person) -> None:
    """Under the name that all notebooks ask for, as `ipykernel install --user` does."""
    kernel = {"argv": [NO_KERNEL, "{connection_file}"], "display_name": "old", "language": "python"}
    text = json.dumps(kernel)
    place = person.home / ".local" / "share" / "jupyter" / "kernels" / "python3"
    person.say("mkdir", "-p", str(place))
    person.say("sh", "-c", 'printf %s "$1" > "$2"', "sh", text, str(place / "kernel.json"))


def each_has_ports_of_its_own(everybody: list[Person]) -> None:
    """The addresses that somebody is shown lead to programs of their own, which refuse others."""
    ports = [person.ports() for person in everybody]
    assert len(set.union(*ports)) == sum(map(len, ports))
    for number, person in enumerate(everybody):
        shown = {**status(person), **cloud(person)}
        own = {urllib.parse.urlsplit(str(value)).port for value in shown.values() if is_url(value)}
        assert len(own) >= 8 and own <= ports[number]
        other = everybody[(number + 1) % len(everybody)]
        for port in ports[number]:
            assert is_refused(answer(f"http://localhost:{port}/", user=other.uid)), port


def nobody_reads_files_of_others(everybody: list[Person]) -> None:
    """Everything in a home is its owner's; others cannot even look into the chat's folder."""
    for number, person in enumerate(everybody):
        owners = {path.lstat().st_uid for path in person.home.rglob("*")}
        assert owners == {person.uid}
        other = everybody[(number + 1) % len(everybody)]
        look = other.start("ls", str(person.home / "chatkit"))
        assert look.communicate() and look.returncode != 0


def nothing_lies_elsewhere(everybody: list[Person], before: set[Path]) -> None:
    """What they made is in their homes alone."""
    made = {*Path("/tmp").iterdir()} - before
    assert [path for path in made if path.lstat().st_uid in uids(everybody)] == []


def nobody_has_secrets_that_others_take(everybody: list[Person]) -> None:
    """Each cloud is a tenant of its own; root, who may connect, brings another one's token."""
    known = [cloud(person) for person in everybody]
    for name in SECRETS:
        assert len({one[name] for one in known}) == len(everybody), name
    for number, own in enumerate(known):
        other = known[(number + 1) % len(known)]
        assert subscriptions(own, token(own)) == 200
        assert subscriptions(own, token(other)) == 401


def nobody_hears_others(everybody: list[Person]) -> None:
    """What somebody says is in the history of one chat, and in files of one home."""
    for person in everybody:
        person.say(str(person.python), "-c", SAYS % person.name)
    for person in everybody:
        history = person.say(str(person.python), "-c", SAYS % person.name)
        said = {other.name for other in everybody if f"said by {other.name}." in history}
        kept = subprocess.run(
            ["grep", "-rlaE", "This is said by", str(person.home)],
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        files = [Path(line).read_bytes() for line in kept.stdout.splitlines()]
        found = {
            other.name
            for other in everybody
            for content in files
            if f"said by {other.name}.".encode() in content
        }
        assert said == found == {person.name}


def cleaning_up_ends_with_a_whole_receipt(everybody: list[Person]) -> None:
    """The last section, for all of them at once."""
    ends = [person.start(str(person.python), "-c", ENDS) for person in everybody]
    for person, end in zip(everybody, ends, strict=True):
        said, _ = end.communicate()
        assert end.returncode == 0 and "Section 11 works" in said, said
        assert status(person)["resource_group"] is None


def uids(everybody: list[Person]) -> set[int]:
    return {person.uid for person in everybody}


def is_url(value: object) -> bool:
    return isinstance(value, str) and value.startswith("http")


def status(person: Person) -> dict[str, Any]:
    """What `chatkit status` says."""
    found: dict[str, Any] = json.loads(person.type("status", "--json"))
    return found


def cloud(person: Person) -> dict[str, Any]:
    """What is known of somebody's local cloud."""
    path = person.home / "chatkit" / ".chatkit" / "local" / "cloud.json"
    assert path.stat().st_mode & 0o077 == 0
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def asked(request: urllib.request.Request) -> tuple[int, bytes]:
    """An answer of a local cloud; its certificate is that home's own."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    try:
        with opener.open(request) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, b""


def token(known: dict[str, Any]) -> str:
    """A token for Resource Manager, from a cloud's own directory."""
    form = {
        "grant_type": "client_credentials",
        "client_id": known["client_id"],
        "client_secret": known["client_secret"],
        "scope": "https://management.azure.com/.default",
    }
    url = f"{known['authority']}/{known['tenant_id']}/oauth2/v2.0/token"
    _, body = asked(urllib.request.Request(url, data=urllib.parse.urlencode(form).encode()))
    return str(json.loads(body)["access_token"])


def subscriptions(known: dict[str, Any], bearer: str) -> int:
    """The status of a cloud's Resource Manager for a token."""
    url = f"{known['resource_manager']}/subscriptions?api-version=2022-12-01"
    headers = {"Authorization": f"Bearer {bearer}"}
    return asked(urllib.request.Request(url, headers=headers))[0]
