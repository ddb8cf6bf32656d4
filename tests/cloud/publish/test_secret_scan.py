"""What looks like a secret in files that are to be published."""

from __future__ import annotations

import random
import time
from pathlib import Path, PurePosixPath

import pytest

from chatkit.cloud.publish import secret_scan
from chatkit.cloud.publish.secret_shapes import SHAPES
from chatkit.cloud.publish.shape import Shape
from chatkit.cloud.publish.website import read_page
from chatkit.core.errors import SetupError
from chatkit.core.settings import checkout
from tests.attacks import publishing

AZURITE = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
EMULATOR = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH"
KEY_32 = publishing.KEY_32


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page of one file."""
    folder = tmp_path / "content"
    folder.mkdir()
    (folder / "index.html").write_text("<p>hello</p>", encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", publishing.SECRETS)
def test_a_secret_stops_the_upload(page: Path, name: str) -> None:
    """The file and the line are named, with the way on; the secret itself is not."""
    (page / "app.js").write_text(f"// one\n// two\n{publishing.SECRETS[name]}\n", encoding="utf-8")
    with pytest.raises(SetupError, match=r"app\.js, line 3: an? ") as caught:
        read_page(page)
    assert "!/app.js to content/.pageignore" in caught.value.hint
    assert publishing.LETTERS[:12] not in str(caught.value)
    assert "Ab1+/" not in str(caught.value)
    (page / ".pageignore").write_text("!/app.js\n", encoding="utf-8")
    assert len(read_page(page).files) == 2


@pytest.mark.parametrize("encoding", publishing.ENCODINGS)
def test_a_secret_is_found_in_any_encoding(encoding: str) -> None:
    """PowerShell writes UTF-16."""
    text = f"\n{publishing.SECRETS['a storage account']}"
    found = secret_scan.find(PurePosixPath("a"), text.encode(encoding))
    assert found is not None and found.line == 2


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", publishing.ENCODINGS)
def test_a_secret_is_found_on_a_line_of_any_system(end: str, encoding: str) -> None:
    """Also on the first one, behind the mark of its encoding."""
    line = publishing.SECRETS["a password in a file of settings"]
    first = secret_scan.find(PurePosixPath("a"), f"{line}{end}".encode(encoding))
    third = secret_scan.find(PurePosixPath("a"), f"a{end}b{end}{line}{end}".encode(encoding))
    assert first is not None and third is not None
    assert (first.line, third.line) == (1, 3)


@pytest.mark.parametrize(
    "text",
    [
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=<key>",
        "Endpoint=https://x.service.signalr.net;AccessKey=...;Version=1.0;",
        "AccountKey=***",
        'const accountKey = await keyOf("storage")',
        '<script integrity="sha512-' + "a" * 86 + '=="></script>',
        "url('data:font/woff2;base64," + "d09GMgABAAAAA" * 40 + "==')",
        '<input type="password" name="password">',
        "const client_secret = process.env.CLIENT_SECRET",
        "const CLIENT_SECRET = process.env.CLIENT_SECRET_OF_THE_APPLICATION_2",
        "AZURE_CLIENT_SECRET=YOUR_CLIENT_SECRET_GOES_HERE_AS_TEXT",
        "eyJhbGciOiJub25lIn0",
        "-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----",
        "?sig=short&design=1",
        "task-ant-hill.sk-live",
        "https://user.example/redis:6379/0",
        # Placeholders
        "Endpoint=https://x.service.signalr.net;SharedAccessKey=YOUR_KEY",
        "SharedAccessKeyName=all;SharedAccessKey=YOUR_SHARED_ACCESS_KEY",
        "AccountName=a;AccountKey=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx;",
        "AccountKey=your-account-key-here",
        "AccountKey=the_account_key",
        'client_secret="YOUR_CLIENT_SECRET_HERE"',
        "client_secret: <your-client-secret>",
        "client_secret: `${process.env.SECRET}`",
        'const clientSecret = "{{ client_secret_of_the_app }}"',
        "client_secret: xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
        "client_secret: config.clientSecretOfTheApp2",
        "client_secret = clientSecretOfTheApplication",
        "Server=x;User ID=alice;Password=<password>;Encrypt=True",
        "Server=x;User ID=alice;Password={your_password};Encrypt=True",
        "Server=x;Uid=alice;Pwd=********",
        "x.redis.cache.windows.net:6380,password=$(REDIS_PASSWORD),ssl=True",
        "postgres://user:password@localhost/chat",
        "https://user:pass@example.com/",
        "https://${user}:${token}@example.com/",
        "const api_key = process.env.API_KEY_OF_THE_APP",
        'api_key: "your-api-key-0123456789"',
        'password: "Enter your password here"',
        'password: "current-password"',
        '{"password": "Passwort"}',
        # Code that names passwords
        "password: Sha256Hash,",
        "password: form.newPassword2,",
        "password: user1!.password2,",
        "password: minLength8,",
        'password: "[A-Za-z0-9]+"',
        'password: "https://Contoso.example/2"',
        "login(user,\n    password=args.password1,\n)",
        "getPassword('DB_PASSWORD_1')",
        "Authorization: Bearer YOUR_TOKEN_GOES_HERE_1",
        "'Authorization': 'Bearer ' + token",
        "headers['x-api-key'] = settings2.apiKeyOfTheApp()",
        "location = '/signin?code=' + code2",
        # Keys that everybody knows: of Azurite and of the SignalR emulator
        "AccountName=devstoreaccount1;AccountKey=" + AZURITE + ";BlobEndpoint=http://x",
        f"const key = '{AZURITE}'",
        f"Endpoint=http://localhost;Port=8888;AccessKey={EMULATOR};Version=1.0;",
        f'{{"accessKey": "{EMULATOR}"}}',
        # Code and data about such things
        "a=1;password=t.value;server=o(5);",
        "let pwd=document.querySelector('#pwd');if(pwd){user=1}",
        f'<script integrity="sha256-{KEY_32}"></script>',
        f'{{"hash": "{KEY_32}", "Content-Digest": "{KEY_32}"}}',
        '<div class="sk-loading-indicator-of-the-page sk-circle-fade-dot">',
        "--sk-loading-indicator-color-of-the-page: 1",
        "mailto:alice@contoso.example, http://x.example:8080/@alice",
        "https://cdn.example/npm:vue@3.5.0/dist",
    ],
)
def test_what_is_no_secret_passes(text: str) -> None:
    """Placeholders, hashes, fonts, code about secrets: a false alarm teaches to ignore it."""
    assert secret_scan.find(PurePosixPath("a"), text.encode()) is None


def test_the_kits_own_files_pass() -> None:
    """A learner's first upload is not stopped."""
    for folder in ("content", "functions"):
        for path in (checkout() / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert secret_scan.find(PurePosixPath(path.name), path.read_bytes()) is None


def test_six_files_are_named_and_the_rest_counted(page: Path) -> None:
    """All at once: nobody wants to find them one upload after the other."""
    for number in range(7):
        (page / f"{number}.js").write_text(publishing.SECRETS["a private key"], encoding="utf-8")
    with pytest.raises(SetupError, match=r"4\.js, line 1: a private key\n  and 2 more files"):
        read_page(page)


@pytest.mark.parametrize(
    "seed",
    [
        *("eyJ-", "eyJaaaaa.eyJ", "aaa1Q~", "redis://a:", "sig=%", "xoxb-", "A", "SG.a.", "-"),
        *(
            "a==",
            "server=a;pwd=",
            "password=",
            "password: a1,",
            "'password', '",
            "-key: ",
            "?code=",
            "secret: ",
            "secret:'a",
            "b=" + "a" * 43 + "=",
        ),
        *("accesskey=xxxxxxxx", "client_secret=YOUR_SECRET_HERE ", "\n", "sk-", "a://b:ccc@"),
    ],
)
def test_work_grows_with_the_size(seed: str) -> None:
    """16 times as much takes 40 times as long at most, also for what nearly is a secret."""
    small, large = ((seed.encode() * size)[:size] for size in (20_000, 320_000))
    for shape in SHAPES:
        before = min(_seconds(shape, small) for _ in range(3))
        assert _seconds(shape, large) <= 40 * max(before, 0.001), shape.what


def _seconds(shape: Shape, content: bytes) -> float:
    begin = time.process_time()
    shape.find(content)
    return time.process_time() - begin


def test_a_megabyte_of_a_script_takes_less_than_a_second() -> None:
    """As tools write it: one line, and words like key and token everywhere."""
    scripts = [path.read_bytes() for path in (checkout() / "content" / "vendor").glob("*.js")]
    script = b"".join(scripts).replace(b"\n", b" ")
    script = (script * (2_000_000 // len(script)))[:1_000_000]
    begin = time.process_time()
    assert secret_scan.find(PurePosixPath("a.js"), script) is None
    assert time.process_time() - begin < 1


def test_random_bytes_are_no_secret() -> None:
    """A picture or a film is not stopped."""
    assert secret_scan.find(PurePosixPath("a.png"), random.Random(14).randbytes(1 << 20)) is None
