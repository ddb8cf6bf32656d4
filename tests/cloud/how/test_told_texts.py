"""Texts of strangers and secrets in the four forms: what is pasted does what the step did."""

from __future__ import annotations

import ast
import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatkit.cloud.how import memory
from chatkit.cloud.how.commands import Command, quoted
from chatkit.cloud.how.forms import StepForms
from chatkit.cloud.how.literals import literal
from chatkit.cloud.how.requests import LocalFile, Place, Sent, read_request
from chatkit.core.results import Result
from chatkit.core.settings import Names, checkout
from tests.attacks import told_steps
from tests.steps.by_hand.differences import DIFFERENCES

ARM = "https://management.azure.com"
SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
GROUP = f"{ARM}/subscriptions/{SUBSCRIPTION}/resourceGroups/g"
SITE = f"{GROUP}/providers/Microsoft.Web/sites/site"
PLACE = Place(
    ARM,
    "https://graph.microsoft.com",
    "https://login.microsoftonline.com",
    SUBSCRIPTION,
    "22222222-2222-2222-2222-222222222222",
    "https",
    Names.of("x"),
)
TEXTS = {
    "a command in a shell's substitution": "$(touch done)",
    "a command in backticks": "`touch done`",
    "a command after a quote": "'; touch done; '",
    "a command after a double quote": '"; touch done; "',
    "a command after JSON and a quote": "\"}'; touch done; echo '{\"",
    "a command on a line of its own": "x\ntouch done\n",
    "a variable of the shell": "$HOME ${HOME} !! ~",
    "Python after a quote": '" + open("done", "w").name + "',
    "Python in a format string": "{open('done', 'w').name}",
    "a request after a separator": "x\n\n###\n\nDELETE https://management.azure.com/\n",
    "a header on a line of its own": "x\r\nX-Other: y",
    "an expression of a template": "[concat('a', 'b')]",
    "script": "<script>alert(1)</script>",
}
SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I="


def sent(body: dict[str, Any], *, path: str = "", operation: str = "Rest.send") -> StepForms:
    """The forms of a step that sent one request."""
    content = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = read_request(
        operation, ("g", "site"), sent=Sent("PUT", SITE + path, headers, content)
    )
    return StepForms([request], PLACE)


def everything(forms: StepForms) -> str:
    """All that is said, and kept."""
    return "\n".join([forms.az(), forms.python(), forms.rest(), forms.template(), repr(forms)])


@pytest.mark.parametrize("name", told_steps.TEXTS)
def test_a_text_stays_a_text(name: str, tmp_path: Path) -> None:
    """In each form it is the text that was sent, and nothing more happens."""
    text = TEXTS[name]
    forms = sent({"properties": {"description": text}}, path="?api-version=1")
    fake = 'az() { printf %s "${@: -1}"; }\n'
    shell = subprocess.run(
        ["bash", "-c", fake + forms.az()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert json.loads(shell.stdout) == {"properties": {"description": text}}
    assert [*tmp_path.iterdir()] == []
    (call,) = [
        one
        for one in ast.walk(ast.parse(forms.python()))
        if isinstance(one, ast.keyword) and one.arg == "json"
    ]
    assert ast.literal_eval(call.value) == {"properties": {"description": text}}
    assert json.loads(forms.rest().partition("\n\n")[2]) == {"properties": {"description": text}}
    (resource,) = json.loads(forms.template())["resources"]
    as_text = f"[{text}" if text.startswith("[") else text
    assert resource["properties"] == {"description": as_text}
    html = Result("Done.", forms=forms)._repr_mimebundle_()["text/html"]
    assert "<script" not in html and html.count("</details></details>") == 1


SECRETS: dict[str, tuple[dict[str, Any], str]] = {
    "an app setting of any name": ({"properties": {"MINE": SECRET}}, "/config/appsettings"),
    "a setting that a site is made with": (
        {"properties": {"siteConfig": {"appSettings": [{"name": "MINE", "value": SECRET}]}}},
        "",
    ),
    "a connection string of a site": (
        {"properties": {"siteConfig": {"connectionStrings": [{"name": "a", "value": SECRET}]}}},
        "",
    ),
    "a client secret of Graph": ({"passwordCredential": {"secretText": SECRET}}, ""),
    "keys and passwords by the name of their field": (
        {"properties": {"primaryKey": SECRET, "clientSecret": SECRET, "password": SECRET}},
        "",
    ),
    "a bearer token in a list": ({"properties": {"list": [[f"Bearer {SECRET}"]]}}, ""),
    "a signature in an address": ({"properties": {"url": f"https://x/?sig={SECRET}"}}, ""),
    "a host key in the request's own address": ({}, f"/functions/x?code={SECRET}"),
}


@pytest.mark.parametrize("name", told_steps.SECRETS)
def test_a_secret_is_in_no_form(name: str, tmp_path: Path) -> None:
    """Neither in a text nor in the file that the home keeps."""
    body, path = SECRETS[name]
    forms = sent(body, path=path)
    memory.note(tmp_path, "azure", "Doing", forms)
    kept = (tmp_path / memory.FILE).read_text(encoding="utf-8")
    assert SECRET not in everything(forms) + kept and "<" in forms.rest()


@pytest.mark.long
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=12,
    )
)
def test_any_json_is_the_literal_that_it_is(value: Any) -> None:
    """However deep, and whatever stands in it."""
    assert ast.literal_eval(literal(value, {})) == value


def test_a_variable_stands_where_its_value_is_meant() -> None:
    """Alone, in a word, and in JSON; a name that nobody knows stays a text."""
    known = {"<client id>": "app", "<origin>": "page%/"}
    assert quoted("<client id>", known) == '"$app"'
    assert quoted("<origin>", known) == '"${page%/}"'
    assert quoted("api://<client id>", known) == '"api://${app}"'
    assert quoted('{"id": "<client id>"}', known) == '\'{"id": "\'"$app"\'"}\''
    assert quoted("<something else>", known) == "'<something else>'"


def test_a_long_line_ends_before_an_option() -> None:
    """And many values of one option take lines of their own."""
    command = Command(("x", *(f"--option-{number}" for number in range(12)), *["value"] * 30))
    lines = command.text({}).splitlines()
    assert len(lines) > 2 and max(map(len, lines)) <= 100
    assert all(line.endswith(" \\") for line in lines[:-1])


def test_a_quoted_word_is_never_broken() -> None:
    """A backslash between single quotes is a backslash."""
    body = json.dumps([{"name with spaces": "x" * 50}] * 3)
    line = Command(("rest", "--method", "put", "--body", body, "--query", "a")).text({})
    assert shlex.quote(body) in line and len(line.splitlines()) > 1


def test_the_pages_config_is_written_before_the_page_is_uploaded() -> None:
    """And it is uploaded once, however many files there are."""
    blobs = f"{ARM}/c/$web"
    requests = [
        read_request(
            "ContainerClient.upload_blob",
            (name,),
            sent=Sent("PUT", f"{blobs}/{name}", {"Content-Type": "text/html"}, b"x"),
        )
        for name in ("index.html", "app.js")
    ]
    config = LocalFile("my-chat/content/config.json", {"apiBaseUrl": "https://x"})
    told = StepForms(requests, PLACE, (config,)).az()
    assert told.index("echo") < told.index("upload-batch") and told.count("upload-batch") == 1


def test_the_document_lists_every_difference() -> None:
    """With the reason that the tests have."""
    text = (checkout() / "docs" / "show-me-how.md").read_text(encoding="utf-8")
    for reasons in DIFFERENCES.values():
        assert all(f"| {reason} |" in text for _, reason in reasons)
