"""Somebody who does a step by hand: types its az lines, runs its Python, sends its requests."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from chatkit.cloud import local_cloud
from chatkit.cloud.how.masking import CLIENT_SECRET
from chatkit.cloud.how.references import SECRET_ID
from chatkit.cloud.tools.variables import variables
from tests.steps.by_hand.state import SECRET_SETTING, Asked

FILES = re.compile(r"^# (\S+) is written on this machine:\n((?:# .*(?:\n|$))+)", re.MULTILINE)
PLACEHOLDERS = re.compile(r"<[^<>\n]+>")
LIMIT_S = 60
SHIM = '#!/bin/sh\nexec "{python}" -m chatkit az "$@"\n'
Typed = Callable[["Person", str], None]


@dataclass
class Person:
    """Somebody at a cloud of their own.

    Attributes:
        folder: Where `my-chat` is.
        asked: The cloud.
        known: What they have read in answers, by its placeholder.
        there: The addresses that the texts have.
    """

    folder: Path
    asked: Asked
    known: dict[str, str] = field(default_factory=dict)
    there: dict[str, str] = field(default_factory=dict)

    def at_home(self, text: str) -> str:
        """A text with this cloud's addresses in the place of another's."""
        there = self.there
        here = self.asked.addresses()
        pairs = {there[name]: here[name] for name in there if there[name] and here[name]}
        longest_first = sorted(pairs, key=len, reverse=True)
        return re.sub("|".join(map(re.escape, longest_first)), lambda one: pairs[one[0]], text)


def az(person: Person, text: str) -> None:
    """Type the lines into a shell whose `az` is `chatkit az`."""
    programs = person.folder / "programs"
    programs.mkdir(exist_ok=True)
    shim = programs / "az"
    shim.write_text(SHIM.format(python=sys.executable), encoding="utf-8")
    shim.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=person.folder,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{text}\n{done.stderr[-2000:]}"


def python(person: Person, text: str) -> None:
    """Run the code as a program of its own would, with what `chatkit local env` prints."""
    where = person.folder / "local"
    before = {**os.environ}
    os.environ.update(variables(local_cloud.read(where), where))
    try:
        exec(compile(person.at_home(text), "by_hand.py", "exec"), {"__name__": "__main__"})
    finally:
        os.environ.clear()
        os.environ.update(before)


def rest(person: Person, text: str) -> None:
    """Write the files, send the requests one after the other, and wait for what they begin."""
    for path, content in FILES.findall(person.at_home(text)):
        written = re.sub("^# ?", "", content, flags=re.MULTILINE)
        for placeholder in set(PLACEHOLDERS.findall(written)):
            written = written.replace(placeholder, _read(person, placeholder))
        (person.folder / path).write_text(written, encoding="utf-8")
    without_comments = "\n".join(line for line in text.splitlines() if not line.startswith("# "))
    for request in filter(str.strip, without_comments.split("\n\n###\n\n")):
        _send(person, person.at_home(request))


def _send(person: Person, request: str) -> None:
    for placeholder in set(PLACEHOLDERS.findall(request)):
        value = _token(person, placeholder) or person.known.get(placeholder)
        request = request.replace(placeholder, value or _read(person, placeholder))
    head, _, body = request.strip().partition("\n\n")
    first, *headers = head.splitlines()
    method, _, url = first.partition(" ")
    content = body.encode()
    if body.startswith("< "):
        content = (person.folder / body.removeprefix("< ").strip()).read_bytes()
    sent = dict(line.split(": ", 1) for line in headers)
    ca_file = str(person.asked.cloud.ca_file)
    answer = requests.request(method, url, headers=sent, data=content, verify=ca_file)
    assert answer.ok, f"{request}\n{answer.status_code} {answer.text}"
    _remember(person, answer)
    _wait(answer, sent, ca_file)


def _token(person: Person, placeholder: str) -> str:
    if not placeholder.startswith("<token: "):
        return ""
    audience = "https://management.azure.com"
    if "ms-graph" in placeholder:
        audience = "https://graph.microsoft.com"
    if "storage.azure.com" in placeholder:
        audience = "https://storage.azure.com"
    return person.asked.cloud.credential.get_token(f"{audience}/.default").token


def _read(person: Person, placeholder: str) -> str:
    """What is no answer of this step: keys, as the portal shows them."""
    asked = person.asked
    names = asked.names
    if "SignalR" in placeholder:
        found = asked.cloud.signalr().signal_r.list_keys(names.resource_group, names.signalr)
        return str(found.primary_connection_string)
    if placeholder == SECRET_ID:
        return asked.secret_id()
    if placeholder == CLIENT_SECRET:
        # A what-if before the first deployment takes any.
        return asked.app_settings().get(SECRET_SETTING, "none yet")
    assert "storage account" in placeholder, placeholder
    blob = asked.addresses()["{blob}"]
    account = f"AccountName={names.storage_account};AccountKey={asked.key()}"
    return f"DefaultEndpointsProtocol=https;{account};BlobEndpoint={blob}/;"


def _remember(person: Person, answer: requests.Response) -> None:
    try:
        said: dict[str, Any] = answer.json()
    except ValueError:
        return
    if "appId" in said and str(answer.request.url).endswith("/applications"):
        person.known["<client id>"] = said["appId"]
        person.known["<object id of the app registration>"] = said["id"]
    if "secretText" in said:
        person.known["<client secret>"] = said["secretText"]
    if isinstance(said, dict) and (said.get("identity") or {}).get("principalId"):
        person.known["<object id of the function app's identity>"] = said["identity"]["principalId"]
    if "/userAssignedIdentities/" in str(answer.request.url):
        person.known["<object id of the sign-in identity>"] = said["properties"]["principalId"]
        person.known["<client id of the sign-in identity>"] = said["properties"]["clientId"]


def _wait(answer: requests.Response, headers: dict[str, str], ca_file: str) -> None:
    url = answer.headers.get("Azure-AsyncOperation") or answer.headers.get("Location")
    if answer.status_code not in (201, 202) or not url or "/api/deployments" in url:
        return
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        polled = requests.get(
            url, headers={"Authorization": headers["Authorization"]}, verify=ca_file
        )
        status = polled.json().get("status", "") if polled.content else ""
        if polled.status_code != 202 and status not in ("Running", "InProgress", "Creating"):
            return
        time.sleep(float(polled.headers.get("Retry-After", "0.1")))
    raise AssertionError(f"{json.dumps(dict(answer.headers))} did not end")
