"""pip's settings, as uv takes them: who has set up the one need not set up the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatkit.setup import uv_by_pip
from chatkit.setup.uv_by_pip import Uv

UV = Path("uv")

# What `pip config list` prints, and the variables of uv.
SETTINGS = {
    "": {},
    "global.index-url='https://mirror.example/simple'": {
        "UV_DEFAULT_INDEX": "https://mirror.example/simple"
    },
    "global.index_url='https://mirror.example/simple'": {
        "UV_DEFAULT_INDEX": "https://mirror.example/simple"
    },
    "global.extra-index-url='file:///a/simple\\n  file:///b/simple'": {
        "UV_INDEX": "file:///a/simple file:///b/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    },
    ":env:.find-links='/wheels /more'": {"UV_FIND_LINKS": "/wheels,/more"},
    ":env:.cert='/etc/ca.pem'": {"SSL_CERT_FILE": "/etc/ca.pem"},
    "global.proxy='http://proxy.example:3128'": {
        "HTTPS_PROXY": "http://proxy.example:3128",
        "HTTP_PROXY": "http://proxy.example:3128",
    },
    "install.trusted-host='mirror.example'": {"UV_INSECURE_HOST": "mirror.example"},
    "global.timeout='60'": {"UV_HTTP_TIMEOUT": "60"},
    ":env:.disable-pip-version-check='1'\nglobal.constraint='/etc/c.txt'": {},
    "freeze.all='true'": {},
}


@pytest.mark.parametrize("listed", SETTINGS)
def test_a_setting_of_pip_is_one_of_uv(listed: str) -> None:
    """From every place where pip looks."""
    assert uv_by_pip.set_like_pip(UV, listed) == Uv("uv", SETTINGS[listed])


def test_the_nearest_setting_wins() -> None:
    """As in pip: the environment, then the command's own, then all commands'."""
    listed = ":env:.timeout='3'\ninstall.timeout='2'\nglobal.timeout='1'"
    uv = uv_by_pip.set_like_pip(UV, listed)
    assert uv is not None and uv.variables == {"UV_HTTP_TIMEOUT": "3"}


@pytest.mark.parametrize(("value", "offline"), [("true", True), ("1", True), ("off", False)])
def test_a_wheelhouse_alone_may_be_asked(value: str, offline: bool) -> None:
    """A place without internet has all packages in a folder."""
    uv = uv_by_pip.set_like_pip(UV, f":env:.no-index='{value}'\n:env:.find-links='/wheels'")
    assert uv == Uv("uv", {"UV_FIND_LINKS": "/wheels"}, offline)


@pytest.mark.parametrize("name", ["only-binary", "keyring-provider", "platform", "target"])
def test_what_uv_has_not_is_left_to_pip(name: str) -> None:
    """Rather slow than otherwise than asked."""
    assert uv_by_pip.set_like_pip(UV, f"global.{name}='x'") is None


def test_a_password_of_an_index_is_in_no_repr() -> None:
    """Nor on a command line."""
    uv = uv_by_pip.set_like_pip(UV, "global.index-url='https://alice:secret@mirror.example/simple'")
    assert uv is not None and "secret" not in repr(uv)


@pytest.mark.parametrize(
    ("listed", "is_set_up"),
    [
        ("", False),
        (":env:.find-links=''\n:env:.retries='0'\n:env:.config-file='/dev/null'", False),
        ("global.index-url='https://mirror.example/simple'", True),
        (":env:.proxy='http://proxy.example:3128'", True),
    ],
)
def test_pip_is_set_up_by_what_says_where_packages_are(
    monkeypatch: pytest.MonkeyPatch, listed: str, *, is_set_up: bool
) -> None:
    """Not by how it prints or how often it tries."""
    monkeypatch.setattr(uv_by_pip, "_run", lambda _: listed)
    assert uv_by_pip.is_set_up(Path("python")) is is_set_up
