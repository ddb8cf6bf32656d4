"""The web page's config and its upload into `$web`."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path, PurePosixPath

import pytest

from chatkit.cloud.calls import Calls
from chatkit.cloud.connection import Cloud
from chatkit.cloud.publish import website
from chatkit.core.errors import SetupError
from chatkit.steps import page_config
from tests.cloud.fake_azure import FakeAzure

ACCOUNT = "https://acc.blob.core.windows.net"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A small page with a vendored library."""
    folder = tmp_path / "content"
    (folder / "vendor").mkdir(parents=True)
    (folder / "index.html").write_text("<p>hello</p>", encoding="utf-8")
    (folder / "app.js").write_text("1", encoding="utf-8")
    (folder / "vendor" / "lib.js").write_text("2", encoding="utf-8")
    (folder / "index.html.before-1").write_text("old", encoding="utf-8")
    return folder


def listing(*files: website.PageFile, more: str = "") -> bytes:
    """The service's list of blobs."""
    blobs = "".join(
        f"<Blob><Name>{file.path}</Name><Properties><Content-Type>{file.content_type}</Content-Type>"
        f"<Content-MD5>{base64.b64encode(file.md5).decode()}</Content-MD5><Cache-Control>{file.cache_control}</Cache-Control>"
        f"<BlobType>BlockBlob</BlobType></Properties></Blob>"
        for file in files
    )
    found = f"<Blobs>{blobs}{more}</Blobs><NextMarker/>"
    document = f'<?xml version="1.0"?><EnumerationResults>{found}</EnumerationResults>'
    return document.encode()


def serve(azure: FakeAzure, body: bytes) -> None:
    """Let the account list blobs and take uploads."""
    azure.on("GET", "comp=list", (200, body, {"Content-Type": "application/xml"}))
    azure.on("PUT", r"web/", (201, None, {"Content-Type": "application/xml"}))
    azure.on("DELETE", r"web/", (202, None, {}))


def test_files_get_the_type_a_browser_needs(page: Path) -> None:
    """Without it the browser offers the page for download."""
    found = {
        str(file.path): (file.content_type, file.cache_control)
        for file in website.read_page(page).files
    }
    assert found == {
        "app.js": ("text/javascript; charset=utf-8", "no-cache"),
        "index.html": ("text/html; charset=utf-8", "no-cache"),
        "vendor/lib.js": ("text/javascript; charset=utf-8", "public, max-age=86400"),
    }


def test_everything_is_sent_to_an_empty_website(
    azure: FakeAzure, cloud: Cloud, calls: Calls, page: Path
) -> None:
    """One request a file."""
    serve(azure, listing())
    sent = website.mirror(cloud.blobs(ACCOUNT, "a2V5"), calls, website.read_page(page).files)
    assert sent == ["app.js", "index.html", "vendor/lib.js"]
    assert len(azure.sent("PUT")) == 3


def test_unchanged_files_are_not_sent_again_and_stale_ones_go(
    azure: FakeAzure, cloud: Cloud, calls: Calls, page: Path
) -> None:
    """The website mirrors the folder."""
    files = website.read_page(page).files
    old = (
        "<Blob><Name>old.html</Name><Properties><BlobType>BlockBlob</BlobType></Properties></Blob>"
    )
    serve(azure, listing(*files[1:], more=old))
    assert website.mirror(cloud.blobs(ACCOUNT, "a2V5"), calls, files) == ["app.js"]
    assert [re.split(r"[/?]", one.path)[1] for one in azure.sent("DELETE")] == ["old.html"]


def test_a_page_without_index_is_refused(tmp_path: Path) -> None:
    """Before anything is sent."""
    with pytest.raises(SetupError, match="no index.html"):
        website.read_page(tmp_path)


def test_the_config_holds_nothing_but_the_address(tmp_path: Path) -> None:
    """The page reads it; everybody can."""
    page_config.write(tmp_path, "http://localhost:7071")
    assert json.loads((tmp_path / "config.json").read_text(encoding="utf-8")) == {
        "apiBaseUrl": "http://localhost:7071"
    }
    assert page_config.read(tmp_path) == "http://localhost:7071"


@pytest.mark.parametrize("text", ["", "[]", "{}"])
def test_a_damaged_config_counts_as_none(tmp_path: Path, text: str) -> None:
    """It is generated again anyway."""
    (tmp_path / "config.json").write_text(text, encoding="utf-8")
    assert page_config.read(tmp_path) == ""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("http://localhost:7071", "http://localhost:7072"),
        ("http://127.0.0.1:40000", "http://127.0.0.1:40000"),
        ("https://chat.azurewebsites.net", "https://chat.azurewebsites.net"),
        ("", ""),
    ],
    ids=["run here", "deployed in a local cloud", "deployed on Azure", "no page yet"],
)
def test_a_page_follows_the_functions_that_run_here(
    tmp_path: Path, before: str, after: str
) -> None:
    """When their port was taken, they are on the next one."""
    if before:
        page_config.write(tmp_path, before)
    page_config.follow(tmp_path, "http://localhost:7072", deployed="http://127.0.0.1:40000")
    assert page_config.read(tmp_path) == after


def test_the_digest_is_the_services_own() -> None:
    """Content-MD5, so that the service can compare as well."""
    file = website.PageFile(PurePosixPath("a"), b"x", "text/plain", "no-cache")
    assert file.md5 == hashlib.md5(b"x", usedforsecurity=False).digest()
