"""Ranges, names, signatures' texts, pages, XML and dates: what parses, for any input."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from azure.core.pipeline import PipelineContext, PipelineRequest
from azure.core.pipeline.transport import HttpRequest
from azure.storage.blob._shared.authentication import SharedKeyCredentialPolicy
from hypothesis import given
from hypothesis import strategies as st

from chatkit.localcloud.storage.auth import shared_key
from chatkit.localcloud.storage.formats import dates, ranges
from chatkit.localcloud.storage.formats.xmltext import Element, document, named, parse
from chatkit.localcloud.storage.operations.batch import split
from chatkit.localcloud.storage.operations.crc64 import crc64
from chatkit.localcloud.storage.operations.listing import PageQuery, cut_page
from chatkit.localcloud.storage.state.errors import KNOWN, StorageError
from chatkit.localcloud.storage.state.models import Blob, Container, Piece, Rehydration
from chatkit.localcloud.storage.state.names import check_container
from chatkit.localcloud.storage.state.request import Query, read_target

KEY = "a2V5" * 16
SIZES = st.integers(0, 2**40)
XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=30
)
TAG = st.from_regex(r"[A-Z][A-Za-z]{0,8}", fullmatch=True)
ELEMENTS = st.recursive(
    st.builds(Element, TAG, XML_TEXT),
    lambda inner: st.builds(Element, TAG, st.lists(inner, min_size=1)),
    max_leaves=12,
)
HEADERS = st.dictionaries(
    st.from_regex(r"x-ms-[a-z0-9][a-z0-9_-]{0,12}", fullmatch=True),
    st.from_regex(r"[!-~]{1,12}", fullmatch=True),
)
NAMES = st.text(st.sampled_from("ab/é"), min_size=1, max_size=6)


@given(start=SIZES, length=st.integers(1, 2**40), size=st.integers(1, 2**40))
def test_a_range_is_inside_the_content(start: int, length: int, size: int) -> None:
    """What is sent lies inside, begins where asked, and is as long as it can be."""
    try:
        found = ranges.parse(f"bytes={start}-{start + length - 1}", size)
    except IndexError:
        assert start >= size
        return
    assert found == (start, min(length, size - start))


@given(last=st.integers(1, 2**40), size=st.integers(1, 2**40))
def test_a_suffix_range_is_the_end(last: int, size: int) -> None:
    """`bytes=-N` is the last N bytes on websites, and no range for the blob service."""
    found = ranges.parse(f"bytes=-{last}", size, suffix=True)
    assert found is not None and sum(found) == size and found[1] == min(last, size)
    assert ranges.parse(f"bytes=-{last}", size) is None


@given(st.text(max_size=40), SIZES)
def test_any_text_is_a_range_or_none(text: str, size: int) -> None:
    """No header breaks the parser."""
    try:
        found = ranges.parse(text, size, suffix=True)
    except IndexError:
        return
    if found is not None:
        start, length = found
        assert start >= 0
        assert length > 0
        assert start + length <= size


@given(
    st.recursive(
        st.builds(Element, TAG, XML_TEXT),
        lambda inner: st.builds(Element, TAG, st.lists(inner, min_size=1)),
        max_leaves=12,
    )
)
def test_xml_comes_back_as_it_was_written(element: Element) -> None:
    """Rendering and parsing are inverse."""
    if "\r" not in element.render():
        assert parse(document(element)).render() == element.render()


@given(st.text(max_size=20))
def test_any_name_can_be_listed(name: str) -> None:
    """A name that XML cannot hold is percent-encoded and says so."""
    if any(0xD800 <= ord(character) < 0xE000 for character in name):
        return
    element = parse(document(named("Name", name)))
    assert element.attributes.get("Encoded") == "true" or element.text == name.replace(
        "\r\n", "\n"
    ).replace("\r", "\n")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<a",
        b"<a></b>",
        b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        b"<a>" * 40 + b"</a>" * 40,
        b"\xff\xfe<a/>",
    ],
)
def test_bad_xml_is_refused(text: bytes) -> None:
    """Half documents, entities and absurd depth are a ValueError and nothing else."""
    with pytest.raises(ValueError):
        parse(text)


@given(
    st.dictionaries(
        st.from_regex(r"x-ms-[a-z0-9][a-z0-9_-]{0,12}", fullmatch=True),
        st.from_regex(r"[!-~]{1,12}", fullmatch=True),
    )
)
def test_signatures_of_the_sdk_are_recognised(headers: dict[str, str]) -> None:
    """With any x-ms- headers, the SDK's own signature is one of the texts that are tried."""
    url = "https://localhost:1/acct/box/a%20b?comp=block&blockid=YQ%3D%3D"
    request = HttpRequest(
        "PUT", url, headers={**headers, "Content-Length": "5", "Content-Type": "text/plain"}
    )
    SharedKeyCredentialPolicy("acct", KEY).on_request(
        PipelineRequest(request, PipelineContext(None))
    )
    signature = request.headers["Authorization"].partition(":")[2]
    sent = {name.lower(): value for name, value in request.headers.items()}
    texts = shared_key.strings_to_sign(
        "PUT", sent, "/acct/acct/box/a%20b", Query.parse("comp=block&blockid=YQ%3D%3D")
    )
    assert any(shared_key.matches(KEY, text, signature) for text in texts)


@given(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30
    )
)
def test_any_blob_name_survives_the_url(name: str) -> None:
    """What is percent-encoded into the path comes out again."""
    target = read_target(f"/acct/box/{quote(name)}", Query(()))
    assert (target.account, target.container, target.blob) == ("acct", "box", name)


def test_a_single_part_names_a_blob_of_the_root_container() -> None:
    """`/account/file` is in $root, `/account/box?restype=container` is a container."""
    assert read_target("/acct/file.txt", Query(())).container == "$root"
    assert read_target("/acct/box", Query.parse("restype=container")).container == "box"


@given(
    st.lists(NAMES, max_size=30, unique=True),
    st.sampled_from(["", "/"]),
    st.sampled_from(["", "a", "a/", "b"]),
    st.integers(1, 5),
)
def test_pages_make_the_whole(names: list[str], delimiter: str, prefix: str, size: int) -> None:
    """Page after page gives what one big page gives: each entry once, in order."""
    ordered = sorted(names)
    whole = cut_page(ordered, PageQuery(prefix, delimiter)).names
    found = []
    start = ""
    while True:
        page = cut_page(ordered, PageQuery(prefix, delimiter, start, size))
        found += page.names
        start = page.marker
        if not start:
            break
    assert found == whole == sorted(set(whole))
    assert all(any(name.startswith(entry) for name in ordered) for entry in whole)


@given(st.text(max_size=70))
def test_container_names_follow_azures_rule(name: str) -> None:
    """Lower-case letters, digits and single hyphens inside; 3 to 63 of them."""
    allowed = (
        re.fullmatch(r"[a-z0-9](-?[a-z0-9])+", name, re.ASCII) is not None and 3 <= len(name) <= 63
    )
    try:
        check_container(name)
    except StorageError:
        assert not allowed
    else:
        assert allowed or name in ("$root", "$web", "$logs")


@given(st.binary(max_size=200), st.lists(st.binary(min_size=1, max_size=30), max_size=3))
def test_batches_are_split_or_empty(noise: bytes, parts: list[bytes]) -> None:
    """Any body gives a list of parts; well-formed parts come out whole."""
    split(noise, b"b")
    body = (
        b"".join(b"--batch_1\r\nX" + part.hex().encode() + b"\r\n" for part in parts)
        + b"--batch_1--\r\n"
    )
    assert split(body, b"batch_1") == [b"X" + part.hex().encode() for part in parts]


def test_the_checksum_is_azures() -> None:
    """CRC-64/NVME of the digits, its published check value."""
    assert crc64([b"1234", b"56789"])[::-1].hex() == "ae8b14860a799888"


def test_etags_never_repeat() -> None:
    """Two changes in the same instant differ."""
    assert len({dates.new_etag() for _ in range(1000)}) == 1000


def test_a_blobs_document_brings_it_back() -> None:
    """What is stored is all there is."""
    blob = Blob(
        "a/b",
        metadata={"k": "v"},
        pieces=[Piece("f", 3, "id"), Piece("g", 4)],
        tier="Archive",
        rehydration=Rehydration("Cool", "High", 5.0),
        headers={"Content-Type": "x"},
    )
    blob.lease.id = "l"
    assert Blob.load(blob.document()) == blob
    box = Container("box", policies={"p": {"start": ""}})
    assert Container.load(box.document()) == box


@pytest.mark.parametrize("code", KNOWN)
def test_every_code_renders(code: str) -> None:
    """Each error is XML with its code."""
    body = StorageError(code).body(request_id="r", time="t")
    assert parse(body).value("Code") == code
