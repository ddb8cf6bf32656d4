"""Static websites: what a browser gets from the website address."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient, ContainerClient, ContentSettings, StaticWebsite

from chatkit.localcloud.drills.rooms import EVERYWHERE
from tests.localcloud.storage.storage_testing import StorageCloud

PAGES = {
    "index.html": b"<h1>chat</h1>",
    "404.html": b"<h1>lost</h1>",
    "docs/index.html": b"<h1>docs</h1>",
    "app.js": b"let chat = 1\n" * 100_000,
}


@pytest.fixture(scope="module")
def site(cloud: StorageCloud) -> Iterator[ContainerClient]:
    """A website with pages."""
    with cloud.service() as client:
        website = StaticWebsite(
            enabled=True, index_document="index.html", error_document404_path="404.html"
        )
        client.set_service_properties(static_website=website)
        container = client.get_container_client("$web")
        for name, content in PAGES.items():
            kind = "text/javascript" if name.endswith(".js") else "text/html"
            container.upload_blob(
                name, content, content_settings=ContentSettings(content_type=kind), overwrite=True
            )
        yield container


@pytest.mark.usefixtures("site")
def test_rules_of_the_network_keep_everybody_out(cloud: StorageCloud) -> None:
    """MicrosoftDocs/azure-docs#104630: the website as well as the blobs, whoever asks."""
    cloud.apply(is_behind_firewall=True)
    try:
        page = cloud.request("GET", cloud.web_url)
        with cloud.service() as client, pytest.raises(HttpResponseError) as caught:
            client.get_container_client("$web").get_container_properties()
    finally:
        cloud.apply()
    assert (page.status, page.code) == (403, "AuthorizationFailure")
    assert caught.value.status_code == 403
    assert cloud.request("GET", cloud.web_url).status == 200


@pytest.mark.parametrize(
    ("path", "status", "page", "kind"),
    [
        ("", 200, "index.html", "text/html"),
        ("?x=1", 200, "index.html", "text/html"),
        ("index.html", 200, "index.html", "text/html"),
        ("docs/", 200, "docs/index.html", "text/html"),
        ("docs", 200, "docs/index.html", "text/html"),
        ("app.js", 200, "app.js", "text/javascript"),
        ("nowhere", 404, "404.html", "text/html"),
        ("docs/nowhere.css", 404, "404.html", "text/html"),
    ],
)
def test_a_path_shows_its_page(
    cloud: StorageCloud, site: ContainerClient, path: str, status: int, page: str, kind: str
) -> None:
    """Files, index documents at every depth and the 404 document, each with its content type."""
    answer = cloud.request("GET", cloud.web_url + path)
    assert (answer.status, answer.body, answer.headers["content-type"]) == (
        status,
        PAGES[page],
        kind,
    )


def test_head_tells_the_length_and_sends_nothing(
    cloud: StorageCloud, site: ContainerClient
) -> None:
    """HEAD is GET without the body, for files and for what is missing."""
    answer = cloud.request("HEAD", cloud.web_url + "app.js")
    assert (answer.status, answer.headers["content-length"], answer.body) == (
        200,
        str(len(PAGES["app.js"])),
        b"",
    )
    assert cloud.request("HEAD", cloud.web_url + "nowhere").status == 404


def test_an_unchanged_page_is_not_sent_again(cloud: StorageCloud, site: ContainerClient) -> None:
    """If-None-Match with the page's ETag is answered 304."""
    url = cloud.web_url
    etag = cloud.request("GET", url).headers["etag"]
    answer = cloud.request("GET", url, {"If-None-Match": etag})
    assert (answer.status, answer.body) == (304, b"")
    assert cloud.request("GET", url, {"If-None-Match": '"0x1"'}).status == 200


def test_if_match_is_looked_at_first(cloud: StorageCloud, site: ContainerClient) -> None:
    """RFC 9110 §13.2.2: a page that is not the wanted version is 412, also when it is unchanged."""
    etag = cloud.request("GET", cloud.web_url).headers["etag"]
    conditions = {"If-Match": '"0x1"', "If-None-Match": etag}
    assert cloud.request("GET", cloud.web_url, conditions).status == 412


@pytest.mark.parametrize(
    ("wanted", "status", "body"),
    [
        ("bytes=0-3", 206, b"<h1>"),
        ("bytes=-5", 206, b"</h1>"),
        ("bytes=4-", 206, b"chat</h1>"),
        ("bytes=99-", 416, None),
    ],
)
def test_a_range_is_a_part(
    cloud: StorageCloud, site: ContainerClient, wanted: str, status: int, body: bytes | None
) -> None:
    """Range works as browsers use it."""
    answer = cloud.request("GET", cloud.web_url, {"Range": wanted})
    assert answer.status == status
    assert body is None or answer.body == body


def test_a_website_only_shows(cloud: StorageCloud, site: ContainerClient) -> None:
    """Changing methods are refused."""
    answer = cloud.request("PUT", cloud.web_url + "index.html", body=b"mine")
    assert (answer.status, answer.code) == (405, "UnsupportedHttpVerb")


def test_the_container_itself_stays_private(cloud: StorageCloud, site: ContainerClient) -> None:
    """Being a website does not open `$web` at the blob address."""
    assert cloud.request("GET", "$web/index.html").code == "ResourceNotFound"


def test_a_website_that_is_off_says_so(
    cloud: StorageCloud, blob_service: BlobServiceClient, site: ContainerClient
) -> None:
    """Switched off, every path shows Azure's page for it; the content stays."""
    blob_service.set_service_properties(static_website=StaticWebsite(enabled=False))
    try:
        answer = cloud.request("GET", cloud.web_url)
        assert (answer.status, answer.code) == (404, "WebsiteNotFound")
        assert b"WebsiteNotFound" in answer.body
        assert site.get_blob_client("index.html").exists()
    finally:
        website = StaticWebsite(
            enabled=True, index_document="index.html", error_document404_path="404.html"
        )
        blob_service.set_service_properties(static_website=website)


def test_the_trace_has_what_was_asked_for_and_nothing_of_a_signature(
    cloud: StorageCloud, site: ContainerClient
) -> None:
    """Method, path, the operation and the status; of a query nothing else."""
    cloud.request("GET", f"{cloud.web_url}nowhere?sig=c2VjcmV0")
    with cloud.service() as client:
        client.get_container_client("of-nobody").exists()
    events = [*cloud.platform.trace.after()]
    asked = [event.detail for event in events if event.kind == "request"]
    page = next(detail for detail in asked if detail["path"] == "/nowhere")
    assert (page["method"], page["operation"], page["status"]) == ("GET", "", 404)
    assert (asked[-1]["operation"], asked[-1]["status"]) == ("container", 404)
    assert "c2VjcmV0" not in repr(events)


def test_storage_that_is_down_is_busy(cloud: StorageCloud, site: ContainerClient) -> None:
    """The page and blobs, with the code that the SDKs know; as before when the drill ends."""
    drills = cloud.storage._drills
    cloud.call(drills.begin, "storage-down", EVERYWHERE)
    try:
        page = cloud.request("GET", cloud.web_url)
        blob = cloud.request("GET", f"{site.url}/index.html")
    finally:
        cloud.call(drills.end)
    for answer in (page, blob):
        assert (answer.status, answer.headers["x-ms-error-code"]) == (503, "ServerBusy")
    assert cloud.request("GET", cloud.web_url).status == 200
