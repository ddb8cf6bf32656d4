"""The page's files: what they weigh, whom they name, and that the vendored libraries are those of
their authors.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

CONTENT = Path(__file__).resolve().parents[2] / "content"
INDEX = (CONTENT / "index.html").read_text(encoding="utf-8")
VENDORED = sorted(path.name for path in (CONTENT / "vendor").glob("*.js"))
MODULES = [path.name for path in CONTENT.glob("*.js")]
OWN = sorted(
    path.name for path in CONTENT.iterdir() if path.suffix in {".js", ".css", ".html", ".svg"}
)


def test_the_vendored_libraries_are_these_two() -> None:
    """A third one needs a row in the README beside them."""
    assert VENDORED == ["signalr.min.js", "vue.runtime.global.prod.js"]


@pytest.mark.parametrize("name", VENDORED)
def test_a_vendored_file_is_byte_for_byte_its_package(name: str) -> None:
    """Hash in the README beside it, and as `integrity` in the page."""
    digest = base64.b64encode(
        hashlib.sha384((CONTENT / "vendor" / name).read_bytes()).digest()
    ).decode()
    assert f'src="vendor/{name}" integrity="sha384-{digest}"' in INDEX
    assert re.search(
        rf"`{re.escape(name)}`.*\| `{re.escape(digest)}` \|",
        (CONTENT / "vendor" / "README.md").read_text("utf-8"),
    )


def test_the_page_weighs_less_than_150_kb() -> None:
    """Everything a browser loads, gzipped."""
    files = [CONTENT / name for name in OWN] + [CONTENT / "vendor" / name for name in VENDORED]
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) < 150_000


@pytest.mark.parametrize("name", OWN)
def test_own_files_are_short_and_name_no_other_host(name: str) -> None:
    """Relative URLs only: the page works under any path; not so the answer to an unknown address,
    which has any depth.
    """
    source = (CONTENT / name).read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 300
    hosts = set(re.findall(r"https?://[\w.-]+", source)) - {
        "http://localhost",
        "http://127.0.0.1",
        "http://www.w3.org",
    }
    assert not hosts
    assert name == "404.html" or not re.findall(r"""(?:src|href)="/|from "/|fetch\("/""", source)


def test_the_page_names_all_its_modules_at_once() -> None:
    """Otherwise a browser finds them one after the other, each a way there and back."""
    started = re.findall(r'<script[^>]* type="module" src="([^"]+)"', INDEX)
    assert sorted(started + re.findall(r'rel="modulepreload" href="([^"]+)"', INDEX)) == sorted(
        MODULES
    )


def test_no_config_of_a_machine_is_shipped() -> None:
    """Only a sample that shows its shape."""
    assert set(json.loads((CONTENT / "config.sample.json").read_text("utf-8"))) == {"apiBaseUrl"}


def test_the_policy_starts_with_nothing() -> None:
    """And allows scripts and styles of the page's own folder only."""
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', INDEX)
    assert policy
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    assert [
        rules[name]
        for name in ("default-src", "script-src", "style-src", "base-uri", "form-action")
    ] == [
        *("'none'", "'self'", "'self'", "'none'", "'none'"),
    ]
