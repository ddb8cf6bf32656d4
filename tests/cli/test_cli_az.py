"""`chatkit az`: the Azure CLI on the local cloud, in one step, beside the person's own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatkit.cli import az
from chatkit.cloud import local_cloud
from chatkit.cloud.local_cloud import Endpoints
from chatkit.cloud.tools.variables import CONFIG_FOLDER
from chatkit.workshop import Workshop
from tests.attacks import tools as attacks
from tests.cli.typing_verbs import Chatkit
from tests.tiers import one_in
from tests.tools import Tools

# Stands in for az: keeps what it was started with, signs in like it, and does what it is told.
FAKE = """#!{python}
import json, os, pathlib, sys, time
arguments = sys.argv[1:]
with open({calls!r}, "a") as file:
    secret = next((open(one[1:]).read() for one in arguments if one.startswith("@")), "")
    print(json.dumps([arguments, dict(os.environ), secret]), file=file)
if arguments[:1] == ["login"]:
    if os.environ.get("FAKE_REFUSES"):
        sys.exit("ERROR: no such tenant")
    profile = pathlib.Path(os.environ["AZURE_CONFIG_DIR"], "azureProfile.json")
    profile.write_text(json.dumps({{"subscriptions": [{{"id": "s"}}]}}), encoding="utf-8-sig")
elif arguments[:1] == ["fail"]:
    print("half\\tan answer")
    sys.exit("ERROR: it failed") if arguments[1:] == ["1"] else sys.exit(int(arguments[1]))
elif arguments[:1] == ["rest"] and "vault" in arguments[-1]:
    import socket, urllib.parse
    proxy = urllib.parse.urlsplit(os.environ["HTTPS_PROXY"])
    with socket.create_connection((proxy.hostname, proxy.port)) as sock:
        import base64
        person = base64.b64encode(f"{{proxy.username}}:{{proxy.password}}".encode()).decode()
        head = "CONNECT v.vault.azure.net:443 HTTP/1.1\\r\\nProxy-Authorization: Basic "
        sock.sendall(f"{{head}}{{person}}\\r\\n\\r\\n".encode())
        sock.recv(100)
    sys.exit("ERROR: a long traceback")
elif arguments[:1] == ["read"]:
    print(sys.stdin.read(), end="")
elif arguments[:1] == ["wait"]:
    try:
        print("waiting", flush=True)
        time.sleep(600)
    except KeyboardInterrupt:
        sys.exit(42)
"""


@pytest.fixture
def calls(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Any]]:
    """Puts a program in the place of az; what it was started with, in order."""
    seen = tmp_path / "calls"
    fake = tmp_path / "fake-az"
    fake.write_text(FAKE.format(python=sys.executable, calls=str(seen)), encoding="utf-8")
    fake.chmod(0o755)
    monkeypatch.setenv("CHATKIT_AZ", str(fake))
    monkeypatch.setattr(local_cloud, "usable", lambda _: endpoints(home, tmp_path))
    return lambda: [json.loads(line) for line in seen.read_text(encoding="utf-8").splitlines()]


def endpoints(home: Path, folder: Path) -> Endpoints:
    """A local cloud, as far as a program in the place of az asks for one."""
    (home / "local").mkdir(parents=True, exist_ok=True)
    (folder / "ca.pem").write_text("authority\n", encoding="ascii")
    known: Any = {
        "resource_manager": "https://localhost:1",
        "authority": "https://localhost:2",
        "graph": "https://localhost:3",
        "tenant_id": os.environ.get("FAKE_TENANT", "t"),
        "subscription_id": "s",
        "client_id": "c",
        "client_secret": "hidden",
        "ca_file": str(folder / "ca.pem"),
        "identity_endpoint": "http://localhost:4/msi/token",
        "identity_header": "H",
    }
    known_as: Endpoints = known
    return known_as


TYPO = ("--account-name", "azonestep", "--auth-mode", "login")
TYPED = """import sys
from pathlib import Path
from chatkit.cli.app import main
from chatkit.cli import az
from chatkit.cloud import local_cloud
from tests.cli.test_cli_az import endpoints
home, folder, *sys.argv = sys.argv[1:]
local_cloud.usable = lambda _: endpoints(Path(home), Path(folder))
sys.exit(main())
"""


def typing(*arguments: str, home: Path, folder: Path) -> list[str]:
    """The command of a process that types a verb, with the local cloud of `calls`."""
    return [sys.executable, "-c", TYPED, str(home), str(folder), "chatkit", *arguments]


def test_it_signs_in_by_itself_and_once(chatkit: Chatkit, calls: Callable[[], list[Any]]) -> None:
    """With the secret in a private file: every user of the machine sees arguments."""
    assert chatkit("az", "group", "list").code == 0
    assert chatkit("az", "group", "show", "-n", "a b", "--debug", "--query", "[?x=='y']").code == 0
    (login, *others) = calls()
    assert login[0][0] == "login" and login[2] == "hidden"
    assert "hidden" not in json.dumps([login[0], [one[1] for one in calls()]])
    assert [one[0] for one in others] == [
        ["group", "list"],
        ["group", "show", "-n", "a b", "--debug", "--query", "[?x=='y']"],
    ]
    config = Path(login[1]["AZURE_CONFIG_DIR"])
    assert config.name == CONFIG_FOLDER and not [*config.glob("*secret*")]


def test_another_local_cloud_is_signed_in_to_anew(
    chatkit: Chatkit, calls: Callable[[], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a reset the tenant is another one."""
    chatkit("az", "group", "list")
    monkeypatch.setenv("FAKE_TENANT", "other")
    chatkit("az", "group", "list")
    assert [one[0][0] for one in calls()] == ["login", "group", "login", "group"]


def test_a_person_who_has_signed_out_is_signed_in_again(
    chatkit: Chatkit, calls: Callable[[], list[Any]], home: Path
) -> None:
    """`chatkit az logout` leaves a profile without subscriptions."""
    chatkit("az", "group", "list")
    profile = home / "local" / CONFIG_FOLDER / "azureProfile.json"
    profile.write_text('{"subscriptions": []}', encoding="utf-8-sig")
    chatkit("az", "group", "list")
    assert [one[0][0] for one in calls()] == ["login", "group", "login", "group"]


def test_exit_code_and_output_are_azs(chatkit: Chatkit, calls: Callable[[], list[Any]]) -> None:
    """Nothing is added, also where it fails; two and three are az's own codes."""
    assert chatkit("az", "group", "list").out == ""
    failed = chatkit("az", "fail", "1")
    assert (failed.code, failed.out, failed.err) == (1, "half\tan answer\n", "ERROR: it failed\n")
    assert [chatkit("az", "fail", code).code for code in ("0", "2", "3", "130")] == [0, 2, 3, 130]
    assert len(calls()) == 7


@pytest.mark.parametrize(
    ("typed", "passed"),
    [
        (["--url", "https://management.azure.com/subscriptions"], "{arm}/subscriptions"),
        (["-u", "HTTPS://Graph.Microsoft.com/v1.0/me"], "{graph}/v1.0/me"),
        (["--uri=https://management.azure.com?x=1"], "--uri={arm}?x=1"),
        (
            ["--url", "https://management.azure.com.example/x"],
            "https://management.azure.com.example/x",
        ),
        (
            ["--url", "/x", "--resource", "https://graph.microsoft.com/"],
            "https://graph.microsoft.com/",
        ),
    ],
)
def test_azures_addresses_in_az_rest_are_the_local_ones(
    chatkit: Chatkit,
    calls: Callable[[], list[Any]],
    home: Path,
    tmp_path: Path,
    typed: list[str],
    passed: str,
) -> None:
    """As Microsoft's pages print them; az sends them as they are. An audience stays."""
    assert chatkit("az", "rest", *typed).code == 0
    known = endpoints(home, tmp_path)
    wanted = passed.format(arm=known["resource_manager"], graph=known["graph"])
    assert calls()[-1][0][-1] == wanted


@pytest.mark.usefixtures("calls")
def test_what_az_asked_for_in_azure_is_the_last_line(chatkit: Chatkit) -> None:
    """az ends in a long traceback there."""
    failed = chatkit("az", "rest", "--url", "https://v.vault.azure.net/secrets")
    assert failed.code == 1 and failed.err.startswith("ERROR: a long traceback\nchatkit: ")
    assert "az asked for v.vault.azure.net. That is in Azure" in failed.err


def test_az_itself_is_not_renewed(chatkit: Chatkit, calls: Callable[[], list[Any]]) -> None:
    """It is the person's own."""
    refused = chatkit("az", "upgrade", "--yes")
    assert refused.code == 1 and "Type it without chatkit" in refused.err
    with pytest.raises(FileNotFoundError):
        calls()


@pytest.mark.usefixtures("calls")
def test_standard_input_is_azs(home: Path, tmp_path: Path) -> None:
    """Pipes work in both directions; tabs and lines pass as they are."""
    command = typing("az", "read", home=home, folder=tmp_path)
    text = "a\tb\nä".encode()
    done = subprocess.run(command, input=text, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, text, b"")


def test_a_sign_in_that_fails_is_one_sentence(
    chatkit: Chatkit, calls: Callable[[], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With az's reason; the command is not tried."""
    monkeypatch.setenv("FAKE_REFUSES", "1")
    typed = chatkit("az", "group", "list")
    assert typed.code == 1 and len(calls()) == 1
    assert typed.err == "chatkit: az cannot sign in to the local cloud: ERROR: no such tenant\n"


@pytest.mark.parametrize("name", attacks.OF_THE_PERSON)
def test_nothing_of_the_persons_account_reaches_az(
    chatkit: Chatkit,
    calls: Callable[[], list[Any]],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """Neither in the variable nor anywhere else in its environment."""
    value = attacks.OF_THE_PERSON[name]
    monkeypatch.setenv(name, value)
    chatkit("az", "group", "list")
    for _, variables, _ in calls():
        assert value not in variables.values()


def test_a_managed_identity_is_the_local_clouds(
    chatkit: Chatkit, calls: Callable[[], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else `az login --identity` asks 169.254.169.254, which may be the person's machine's own."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://169.254.130.3/msi/token")
    assert chatkit("az", "login", "--identity").code == 0
    variables = calls()[-1][1]
    assert variables["IDENTITY_ENDPOINT"] == "http://localhost:4/msi/token"
    assert variables["IDENTITY_HEADER"] == "H"


def test_how_az_prints_and_what_is_local_stays(
    chatkit: Chatkit, calls: Callable[[], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person's taste, names, and the connection string of a local account."""
    kept = {
        "AZURE_CORE_OUTPUT": "table",
        "AZURE_DEFAULTS_GROUP": "class",
        "AZURE_STORAGE_ACCOUNT": "chatstore",
        "AZURE_STORAGE_CONNECTION_STRING": (
            "AccountName=chatstore;AccountKey=k;EndpointSuffix=core.localhost:1;"
            "BlobEndpoint=https://localhost:1/chatstore"
        ),
    }
    for name, value in kept.items():
        monkeypatch.setenv(name, value)
    chatkit("az", "group", "list")
    assert kept.items() <= calls()[-1][1].items()


def test_help_needs_no_cloud(
    chatkit: Chatkit, calls: Callable[[], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is started and nobody signed in for it."""
    monkeypatch.setattr(local_cloud, "usable", lambda _: pytest.fail("it was looked for"))
    for arguments in (["--help"], ["group", "-h"], ["--version"], ["version"], []):
        assert chatkit("az", *arguments).code == 0
        assert calls()[-1][0] == arguments


def test_a_version_that_a_command_asks_for_is_not_az_s(
    chatkit: Chatkit, calls: Callable[[], list[Any]]
) -> None:
    """`-v` behind a command is that command's: az signs in."""
    assert chatkit("az", "ts", "show", "-n", "chat", "-v", "1.0").code == 0
    assert [one[0][0] for one in calls()] == ["login", "ts"]


def test_a_cloud_that_is_down_is_started_and_that_is_said_first(
    chatkit: Chatkit,
    calls: Callable[[], list[Any]],
    monkeypatch: pytest.MonkeyPatch,
    home: Path,
    tmp_path: Path,
) -> None:
    """On stderr: what az prints stays what it is."""
    monkeypatch.setattr(local_cloud, "usable", lambda _: None)
    monkeypatch.setattr(local_cloud, "start", lambda _: endpoints(home, tmp_path))
    typed = chatkit("az", "group", "list")
    assert typed.code == 0 and typed.out == "" and len(calls()) == 2
    assert typed.err == "chatkit: The local cloud is not running; it is started now.\n"


@pytest.mark.usefixtures("calls")
def test_a_busy_cloud_is_not_called_stopped(
    chatkit: Chatkit, monkeypatch: pytest.MonkeyPatch, home: Path, tmp_path: Path
) -> None:
    """It holds the lock of its home, and answers later than one waits for."""
    monkeypatch.setattr(local_cloud, "usable", lambda _: None)
    monkeypatch.setattr(az, "holder", lambda _: 4711)
    monkeypatch.setattr(local_cloud, "start", lambda _: endpoints(home, tmp_path))
    said = chatkit("az", "group", "list").err
    assert "process 4711" in said and "not running" not in said


def test_a_cloud_of_an_older_version_has_to_be_started_anew(
    chatkit: Chatkit,
    calls: Callable[[], list[Any]],
    monkeypatch: pytest.MonkeyPatch,
    home: Path,
    tmp_path: Path,
) -> None:
    """It has no list of clouds for az: that would end in a traceback."""
    known: Any = endpoints(home, tmp_path)
    del known["identity_header"]
    monkeypatch.setattr(local_cloud, "usable", lambda _: known)
    typed = chatkit("az", "group", "list")
    assert typed.code == 1 and "`chatkit local down`, then `chatkit local up`" in typed.err
    with pytest.raises(FileNotFoundError):
        calls()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("--instal", "No such option: --instal. Did you mean '--install'?"),
        ("--Install", "No such option: --Install. Did you mean '--install'?"),
        ("--install az", "`chatkit az --install` takes nothing else."),
        ("--install=yes", "`chatkit az --install` takes nothing else."),
    ],
)
@pytest.mark.usefixtures("home")
def test_the_kits_own_option_mistyped_is_bad_usage(chatkit: Chatkit, typed: str, said: str) -> None:
    """All others are az's, which says by itself what it does not know."""
    answer = chatkit("az", *typed.split())
    assert (answer.code, answer.err) == (2, f"chatkit: {said}\n")


@pytest.mark.parametrize("typed", one_in(3, ["--versio", "--verbose", "--output"]))
def test_other_options_are_azs(
    chatkit: Chatkit, calls: Callable[[], list[Any]], typed: str
) -> None:
    """Also before a command."""
    chatkit("az", typed, "--help")
    assert calls()[-1][0] == [typed, "--help"]


@pytest.mark.usefixtures("home")
def test_without_az_a_sentence_says_how_to_get_it(
    chatkit: Chatkit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Two ways; the one for chatkit only is a command."""
    monkeypatch.delenv("CHATKIT_AZ", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    typed = chatkit("az", "group", "list")
    assert typed.code == 1 and typed.err.count("\n") == 1
    assert "az) is not installed. `chatkit az --install`" in typed.err
    monkeypatch.setenv("CHATKIT_AZ", str(tmp_path / "nowhere"))
    assert "CHATKIT_AZ names no program" in chatkit("az", "group", "list").err


@pytest.mark.parametrize("arguments", [("group", "list"), ("--version",)])
def test_an_az_whose_interpreter_is_gone_is_named(
    chatkit: Chatkit,
    calls: Callable[[], list[Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
) -> None:
    """Of an environment that was deleted, or that belongs to another user: the file is there."""
    lost = tmp_path / "lost-az"
    lost.write_text(f"#!{tmp_path}/gone/python\n", encoding="utf-8")
    lost.chmod(0o755)
    monkeypatch.setenv("CHATKIT_AZ", str(lost))
    typed = chatkit("az", *arguments)
    assert (typed.code, typed.err.count("\n")) == (1, 1)
    assert f"{lost} cannot be started (No such file or directory)" in typed.err
    assert "CHATKIT_AZ names another az" in typed.err


def test_an_az_of_its_own_is_found(
    chatkit: Chatkit, calls: Callable[[], list[Any]], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where `chatkit az --install` has put it."""
    own = home / "az" / "bin"
    own.mkdir(parents=True)
    shutil.copy(os.environ["CHATKIT_AZ"], own / "az")
    monkeypatch.delenv("CHATKIT_AZ")
    monkeypatch.setenv("PATH", "")
    assert chatkit("az", "group", "list").code == 0 and len(calls()) == 2


@pytest.mark.usefixtures("calls")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 42), (signal.SIGTERM, 128 + 15)])
def test_a_signal_is_azs_to_answer(home: Path, tmp_path: Path, number: int, code: int) -> None:
    """Ctrl+C reaches both in a terminal; another signal is passed on. Nothing stays behind."""
    command = typing("az", "wait", home=home, folder=tmp_path)
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None and process.stdout.readline() == b"waiting\n"
        if sys.platform != "win32" and number == signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        assert process.wait(30) == code


# The real az


@pytest.fixture
def real_az(tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The az of this machine; its many modules are compiled once, as in a home."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path / "compiled"))
    if "CHATKIT_AZ" not in os.environ:
        monkeypatch.setenv("CHATKIT_AZ", tools.program("az"))


@pytest.fixture
def real_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A person who is signed in to real Azure; at the end not a byte of it has changed."""
    folder = tmp_path / ".azure"
    folder.mkdir()
    subscription = {
        "id": "11111111-1111-1111-1111-111111111111",
        "name": "Production",
        "state": "Enabled",
        "user": {"name": "alice@example.com", "type": "user"},
        "isDefault": True,
        "tenantId": "22222222-2222-2222-2222-222222222222",
        "environmentName": "AzureCloud",
    }
    profile = {"installationId": "x", "subscriptions": [subscription]}
    (folder / "azureProfile.json").write_text(json.dumps(profile), encoding="utf-8-sig")
    (folder / "config").write_text(
        "[cloud]\nname = AzureCloud\n[core]\noutput = table\n", encoding="utf-8"
    )
    (folder / "clouds.config").write_text("[AzureCloud]\nsubscription = 1111\n", encoding="utf-8")
    (folder / "msal_token_cache.json").write_text("{}", encoding="utf-8")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    monkeypatch.setenv("AZURE_CONFIG_DIR", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    yield folder
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.slow
@pytest.mark.tools
@pytest.mark.usefixtures("real_az", "real_account")
def test_one_step_from_nothing_to_a_website(chatkit: Chatkit, home: Path) -> None:
    """The local subscription, and a storage account by its name with the sign-in."""
    try:
        first = chatkit("az", "account", "show", "-o", "tsv", "--query", "[id,environmentName]")
        assert first.code == 0 and first.err.startswith("chatkit: The local cloud is not running;")
        known = local_cloud.read(home / "local")
        assert first.out == f"{known['subscription_id']}\nChatkitLocal\n"
        workshop = Workshop.open()
        workshop.create_resource_group()
        workshop.create_storage_account()
        name = workshop.session.settings.storage_account
        setting = ("storage", "blob", "service-properties", "update", "--static-website")
        account = ("--account-name", name, "--auth-mode", "login")
        changed = chatkit("az", *setting, *account, "-o", "json")
        assert changed.code == 0, changed.err
        assert json.loads(changed.out)["staticWebsite"]["enabled"] is True
    finally:
        local_cloud.stop(home / "local")


@pytest.mark.long
@pytest.mark.tools
@pytest.mark.usefixtures("real_az", "real_account")
def test_az_makes_an_account_and_fills_it(chatkit: Chatkit, home: Path, tmp_path: Path) -> None:
    """Group, account, container and blob, with the sign-in and with the key that az looks up."""
    text = tmp_path / "hello.txt"
    text.write_text("hello\n", encoding="utf-8")
    blob = ("--account-name", "azonestep1", "-c", "box", "--no-progress", "-f", str(text))

    def az(*words: str) -> str:
        typed = chatkit("az", *words, "--only-show-errors", "-o", "tsv")
        assert typed.code == 0, typed.err
        return typed.out

    try:
        assert az("group", "create", "-n", "g", "-l", "eastus2").split("\t")[1] == "eastus2"
        az("storage", "account", "create", "-n", "azonestep1", "-g", "g")
        az("storage", "container", "create", "-n", "box", *blob[:2], "--auth-mode", "login")
        az("storage", "blob", "upload", *blob, "-n", "a", "--auth-mode", "login")
        az("storage", "blob", "upload", *blob, "-n", "b")
        listed = az("storage", "blob", "list", *blob[:4], "--query", "[].name")
        assert listed.split() == ["a", "b"]
        typo = chatkit("az", "storage", "blob", "exists", "-n", "a", "-c", "box", *TYPO)
        assert typo.code == 1 and "no storage account called 'azonestep'" in typo.err
        az("login", "--identity")
        assert az("account", "show", "--query", "user.name") == "systemAssignedIdentity\n"
        missing = chatkit("az", "group", "show", "-n", "missing")
        assert missing.code == 3 and "ResourceGroupNotFound" in missing.err
    finally:
        local_cloud.stop(home / "local")
