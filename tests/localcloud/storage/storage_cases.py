"""One list of SDK calls for every storage that takes them.

Each case returns what can be compared between two of them.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest
from azure.storage.blob import (
    BlobBlock,
    BlobClient,
    BlobLeaseClient,
    BlobProperties,
    BlobServiceClient,
    ContainerClient,
    ContentSettings,
    CorsRule,
    StaticWebsite,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

Case = Callable[[BlobServiceClient, ContainerClient], Any]
CASES: dict[str, Case] = {}
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LATER = datetime.now(UTC) + timedelta(hours=1)


def case(function: Case) -> Case:
    """Add a case under its function's name, in words."""
    CASES[function.__name__.replace("_", " ")] = function
    return function


def outcome(call: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """What a call returns, or status and code of its error."""
    try:
        return call(*args, **options)
    except HttpResponseError as error:
        code = getattr(error, "error_code", None)
        return f"{error.status_code} {getattr(code, 'value', code)}"


def key_of(service: BlobServiceClient) -> str:
    return str(service.credential.account_key)


def shown(properties: BlobProperties) -> dict[str, Any]:
    """A blob's properties without what no two services share: times, ids, ETags."""
    settings = properties.content_settings
    return {
        "name": properties.name,
        "size": properties.size,
        "type": str(properties.blob_type),
        "content": {
            name: value if name != "content_md5" else value and bytes(value).hex()
            for name, value in settings.items()
        },
        "metadata": properties.metadata,
        "lease": dict(properties.lease),
        "tier": [properties.blob_tier, properties.blob_tier_inferred],
        "encrypted": properties.server_encrypted,
        "appends": properties.append_blob_committed_block_count,
    }


def filled(
    container: ContainerClient, name: str = "blob", content: bytes = b"0123456789"
) -> BlobClient:
    blob = container.get_blob_client(name)
    blob.upload_blob(content, overwrite=True)
    return blob


def block_id(number: int) -> str:
    return f"{number:04}"


@case
def put_and_get(service: BlobServiceClient, container: ContainerClient) -> Any:
    settings = ContentSettings("text/plain", "identity", "en", "inline", "max-age=3")
    container.upload_blob(
        "a/b c.txt", b"hello", content_settings=settings, metadata={"Key": "v", "other": "w"}
    )
    got = container.download_blob("a/b c.txt")
    return [
        got.readall(),
        {**shown(got.properties), "tier": None},
        shown(container.get_blob_client("a/b c.txt").get_blob_properties()),
    ]


@case
def an_empty_blob(service: BlobServiceClient, container: ContainerClient) -> Any:
    blob = filled(container, content=b"")
    return [blob.download_blob().readall(), shown(blob.get_blob_properties())]


@case
def odd_names(service: BlobServiceClient, container: ContainerClient) -> Any:
    names = [
        "a+b",
        "ä/ö",
        "100%",
        "a?b#c",
        "a&b=c",
        "x/./y",
        "trailing/",
        "semi;colon",
        "quote'\"",
        "~tilde",
        "emoji😀",
    ]
    found = []
    for name in names:
        found.append(
            outcome(
                lambda name=name: (
                    container.upload_blob(name, name.encode(), overwrite=True) and None
                )
            )
        )
        found.append(outcome(lambda name=name: container.download_blob(name).readall()))
    return [found, sorted(item.name for item in container.list_blobs())]


@case
def ranges_of_a_blob(service: BlobServiceClient, container: ContainerClient) -> Any:
    blob = filled(container)
    wanted = [(0, 4), (4, 1), (8, 100), (5, None), (10, 1), (99, 1)]
    return [
        outcome(lambda at=at: blob.download_blob(offset=at[0], length=at[1]).readall())
        for at in wanted
    ]


@case
def a_range_with_its_md5(service: BlobServiceClient, container: ContainerClient) -> Any:
    blob = filled(container)
    return blob.download_blob(offset=2, length=3, validate_content=True).readall()


@case
def a_wrong_md5(service: BlobServiceClient, container: ContainerClient) -> Any:
    headers = {"Content-MD5": base64.b64encode(b"0" * 16).decode()}
    return [
        outcome(container.upload_blob, "a", b"1", headers=headers),
        outcome(container.upload_blob, "a", b"1", headers={"Content-MD5": "short"}),
        container.get_blob_client("a").exists(),
    ]


@case
def conditions_of_a_read(service: BlobServiceClient, container: ContainerClient) -> Any:
    blob = filled(container)
    etag = blob.get_blob_properties().etag
    other = '"0x1"'
    options: list[dict[str, Any]] = [
        {"if_modified_since": LONG_AGO},
        {"if_modified_since": LATER},
        {"if_unmodified_since": LONG_AGO},
        {"if_unmodified_since": LATER},
    ]
    heads = [
        {"If-Match": etag},
        {"If-Match": other},
        {"If-None-Match": etag},
        {"If-None-Match": other},
        {"If-None-Match": "*"},
    ]
    return [
        *(
            outcome(lambda option=option: blob.download_blob(**option).readall())
            for option in options
        ),
        *(outcome(lambda head=head: blob.download_blob(headers=head).readall()) for head in heads),
        *(outcome(lambda head=head: blob.get_blob_properties(headers=head).size) for head in heads),
    ]


@case
def conditions_of_a_write(service: BlobServiceClient, container: ContainerClient) -> Any:
    blob = filled(container)
    heads = [
        {"If-Match": '"0x1"'},
        {"If-None-Match": "*"},
        {"If-Match": "*"},
        {"If-None-Match": '"0x1"'},
    ]
    found = [
        outcome(lambda head=head: blob.upload_blob(b"x", overwrite=True, headers=head) and None)
        for head in heads
    ]
    missing = container.get_blob_client("missing")
    found += [
        outcome(
            lambda: missing.upload_blob(b"x", overwrite=True, headers={"If-Match": "*"}) and None
        )
    ]
    found += [
        outcome(lambda head=head: blob.set_blob_metadata({"a": "b"}, headers=head) and None)
        for head in heads
    ]
    return [
        *found,
        outcome(blob.delete_blob, if_unmodified_since=LONG_AGO),
        outcome(blob.delete_blob, if_modified_since=LATER),
    ]


@case
def metadata_and_headers_change(service: BlobServiceClient, container: ContainerClient) -> Any:
    blob = filled(container)
    blob.set_blob_metadata({"One": "1"})
    blob.set_http_headers(ContentSettings("text/css"))
    first = shown(blob.get_blob_properties())
    blob.set_blob_metadata({})
    blob.set_http_headers()
    return [first, shown(blob.get_blob_properties())]


@case
def what_is_missing(service: BlobServiceClient, container: ContainerClient) -> Any:
    blob = container.get_blob_client("no")
    nowhere = service.get_container_client("nowhere")
    calls: list[Callable[[], Any]] = [
        blob.download_blob,
        blob.get_blob_properties,
        blob.delete_blob,
        lambda: blob.set_blob_metadata({}),
        lambda: blob.append_block(b"x"),
        blob.get_block_list,
        nowhere.get_container_properties,
        nowhere.delete_container,
        lambda: nowhere.upload_blob("a", b"1"),
        lambda: list(nowhere.list_blobs()),
        lambda: nowhere.get_blob_client("a").get_blob_properties(),
    ]
    return [outcome(call) for call in calls]


@case
def names_of_containers(service: BlobServiceClient, container: ContainerClient) -> Any:
    names = ["UPPER", "ab", "a" * 64, "a--b", "-ab", "ab-", "a_b", "x1y"]
    found = [outcome(lambda name=name: service.create_container(name) and "made") for name in names]
    outcome(service.delete_container, "x1y")
    return found


@case
def a_container_twice(service: BlobServiceClient, container: ContainerClient) -> Any:
    return [
        outcome(container.create_container),
        outcome(lambda: service.create_container("$web") and "made"),
    ]


@case
def container_properties(service: BlobServiceClient, container: ContainerClient) -> Any:
    container.set_container_metadata({"Purpose": "tests"})
    found = container.get_container_properties()
    return [
        found.metadata,
        found.public_access,
        dict(found.lease),
        found.has_immutability_policy,
        found.has_legal_hold,
    ]


@case
def list_pages(service: BlobServiceClient, container: ContainerClient) -> Any:
    for number in range(7):
        filled(container, f"n{number}", b"x" * number)
    pages = container.list_blobs(results_per_page=3).by_page()
    return [[(item.name, item.size) for item in page] for page in pages]


@case
def list_hierarchy(service: BlobServiceClient, container: ContainerClient) -> Any:
    for name in ("a", "b/1", "b/2", "b/c/3", "d/e/f", "z"):
        filled(container, name)
    found = [
        sorted(item.name for item in container.walk_blobs(name_starts_with=start))
        for start in ("", "b/", "b", "q")
    ]
    pages = container.walk_blobs(results_per_page=2).by_page()
    return [found, sorted(item.name for page in pages for item in page)]


@case
def list_with_properties(service: BlobServiceClient, container: ContainerClient) -> Any:
    container.upload_blob(
        "a", b"1", metadata={"Key": "v"}, content_settings=ContentSettings("text/plain")
    )
    container.get_blob_client("b").create_append_blob()
    return [shown(item) for item in container.list_blobs(include=["metadata"])]


@case
def list_containers(service: BlobServiceClient, container: ContainerClient) -> Any:
    container.set_container_metadata({"Key": "v"})
    found = service.list_containers(
        name_starts_with=container.container_name, include_metadata=True
    )
    return [(item.metadata, item.public_access, dict(item.lease)) for item in found]


@case
def blocks_of_a_blob(service: BlobServiceClient, container: ContainerClient) -> Any:
    blob = container.get_blob_client("blocks")
    for number in range(3):
        blob.stage_block(block_id(number), b"%d" % number * 3)
    staged = blob.get_block_list("all")
    listed = (
        [item.name for item in container.list_blobs()],
        [item.name for item in container.list_blobs(include="uncommittedblobs")],
    )
    missing = outcome(blob.download_blob)
    blob.commit_block_list(
        [BlobBlock(block_id(2)), BlobBlock(block_id(0))],
        content_settings=ContentSettings("text/plain"),
    )
    committed = blob.get_block_list("all")
    content = blob.download_blob().readall()
    blob.stage_block(block_id(5), b"new")
    blob.commit_block_list([BlobBlock(block_id(0)), BlobBlock(block_id(5))])
    again = outcome(blob.commit_block_list, [BlobBlock(block_id(1))])
    names = [
        [[(block.id, block.size) for block in half] for half in lists]
        for lists in (staged, committed)
    ]
    return [
        names,
        listed,
        missing,
        content,
        blob.download_blob().readall(),
        again,
        shown(blob.get_blob_properties()),
    ]


@case
def block_ids_of_two_lengths(service: BlobServiceClient, container: ContainerClient) -> Any:
    blob = container.get_blob_client("blocks")
    blob.stage_block("a", b"1")
    return outcome(blob.stage_block, "longer", b"1") == "400 InvalidBlobOrBlock"


@case
def appends(service: BlobServiceClient, container: ContainerClient) -> Any:
    blob = container.get_blob_client("log")
    blob.create_append_blob(content_settings=ContentSettings("text/plain"), metadata={"a": "b"})
    first = blob.append_block(b"one")
    second = blob.append_block(b"two")
    wanted: list[dict[str, Any]] = [
        {"appendpos_condition": 3},
        {"appendpos_condition": 6},
        {"maxsize_condition": 9},
    ]
    conditional = [
        outcome(lambda one=one: blob.append_block(b"x", **one)["blob_append_offset"])
        for one in wanted
    ]
    offsets = [
        (answer["blob_append_offset"], answer["blob_committed_block_count"])
        for answer in (first, second)
    ]
    return [offsets, conditional, blob.download_blob().readall(), shown(blob.get_blob_properties())]


@case
def an_append_blob_is_created_once(service: BlobServiceClient, container: ContainerClient) -> Any:
    blob = container.get_blob_client("log")
    blob.create_append_blob()
    blob.append_block(b"kept")
    refused = outcome(blob.create_append_blob, headers={"If-None-Match": "*"})
    return [
        refused,
        blob.download_blob().readall(),
        outcome(blob.create_append_blob) and None,
        blob.get_blob_properties().size,
    ]


@case
def appends_to_a_block_blob(service: BlobServiceClient, container: ContainerClient) -> Any:
    blob = filled(container)
    log = container.get_blob_client("log")
    log.create_append_blob()
    return [
        outcome(blob.append_block, b"x"),
        outcome(log.stage_block, block_id(1), b"x"),
        outcome(log.get_block_list),
    ]


@case
def sealed_appends(service: BlobServiceClient, container: ContainerClient) -> Any:
    blob = container.get_blob_client("log")
    blob.create_append_blob()
    return [
        outcome(lambda: blob.seal_append_blob()["blob_sealed"]),
        outcome(lambda: blob.append_block(b"x") and "appended"),
    ]


@case
def a_lease(service: BlobServiceClient, container: ContainerClient) -> Any:
    blob = filled(container)
    lease = blob.acquire_lease(15)
    wrong = BlobLeaseClient(blob, lease_id="00000000-0000-0000-0000-000000000001")
    return [
        dict(blob.get_blob_properties().lease),
        outcome(blob.upload_blob, b"x", overwrite=True),
        outcome(lambda: blob.upload_blob(b"y", overwrite=True, lease=lease) and "written"),
        outcome(blob.delete_blob, lease=wrong),
        outcome(blob.acquire_lease, 15),
        outcome(wrong.renew),
        outcome(lambda: lease.renew()),
        outcome(lambda: lease.release()),
        dict(blob.get_blob_properties().lease),
        outcome(blob.delete_blob, lease=lease),
    ]


@case
def a_broken_lease(service: BlobServiceClient, container: ContainerClient) -> Any:
    blob = filled(container)
    lease = blob.acquire_lease(-1)
    return [
        dict(blob.get_blob_properties().lease),
        outcome(lease.break_lease, lease_break_period=0),
        blob.get_blob_properties().lease.state,
        outcome(lease.renew),
        outcome(lambda: blob.set_blob_metadata({}) and "changed"),
        outcome(lambda: blob.acquire_lease(15) and "acquired"),
    ]


@case
def a_leased_container(service: BlobServiceClient, container: ContainerClient) -> Any:
    lease = container.acquire_lease(-1)
    found = [outcome(container.delete_container), dict(container.get_container_properties().lease)]
    return [
        *found,
        outcome(lambda: lease.change("11111111-1111-1111-1111-111111111111")),
        outcome(lease.release),
    ]


@case
def lease_durations(service: BlobServiceClient, container: ContainerClient) -> Any:
    blob = filled(container)
    return [
        outcome(lambda seconds=seconds: blob.acquire_lease(seconds) and None)
        for seconds in (0, 14, 61, -2)
    ]


@case
def a_copy(service: BlobServiceClient, container: ContainerClient) -> Any:
    blob = filled(container)
    blob.set_blob_metadata({"from": "source"})
    target = container.get_blob_client("copy")
    started = target.start_copy_from_url(blob.url)
    found = target.get_blob_properties()
    blob.upload_blob(b"changed", overwrite=True)
    kept = target.download_blob().readall()
    return [started["copy_status"], found.copy.status, found.copy.progress, found.metadata, kept]


@case
def a_copy_of_an_append_blob(service: BlobServiceClient, container: ContainerClient) -> Any:
    log = container.get_blob_client("log")
    copy = container.get_blob_client("copy")
    log.create_append_blob()
    log.append_block(b"one")
    copy.start_copy_from_url(log.url)
    log.append_block(b"two")
    return [copy.download_blob().readall(), str(copy.get_blob_properties().blob_type)]


@case
def a_copy_of_nothing(service: BlobServiceClient, container: ContainerClient) -> Any:
    target = container.get_blob_client("copy")
    return [
        outcome(target.start_copy_from_url, container.get_blob_client("no").url),
        outcome(target.abort_copy, "some-id"),
    ]


@case
def tags(service: BlobServiceClient, container: ContainerClient) -> Any:
    container.upload_blob("a", b"1", tags={"room": "general"})
    blob = container.get_blob_client("a")
    first = blob.get_blob_tags()
    blob.set_blob_tags({"room": "other", "x": "y"})
    return [first, blob.get_blob_tags(), blob.get_blob_properties().tag_count]


@case
def tier_of_a_download(service: BlobServiceClient, container: ContainerClient) -> Any:
    blob = filled(container)
    blob.set_standard_blob_tier("Cool")
    return blob.download_blob().properties.blob_tier


@case
def tiers(service: BlobServiceClient, container: ContainerClient) -> Any:
    blob = filled(container)
    blob.set_standard_blob_tier("Cool")
    found = blob.get_blob_properties()
    return [
        found.blob_tier,
        found.blob_tier_inferred,
        outcome(blob.set_standard_blob_tier, "Lukewarm"),
    ]


@case
def a_batch(service: BlobServiceClient, container: ContainerClient) -> Any:
    for name in ("a", "b c", "d"):
        filled(container, name)
    answers = container.delete_blobs("a", "b c", "missing", raise_on_any_failure=False)
    return [
        [answer.status_code for answer in answers],
        [item.name for item in container.list_blobs()],
    ]


@case
def service_properties(service: BlobServiceClient, container: ContainerClient) -> Any:
    rules = [
        CorsRule(
            ["http://127.0.0.1:5500"],
            ["GET", "PUT"],
            max_age_in_seconds=60,
            allowed_headers=["x-ms-*"],
        )
    ]
    website = StaticWebsite(
        enabled=True, index_document="index.html", error_document404_path="404.html"
    )
    service.set_service_properties(static_website=website, cors=rules)
    found = service.get_service_properties()
    service.set_service_properties(static_website=StaticWebsite(enabled=False), cors=[])
    after = service.get_service_properties()
    site = vars(found["static_website"])
    return [
        site["enabled"],
        site["index_document"],
        [rule.allowed_origins for rule in found["cors"]],
        after["cors"],
    ]


@case
def enabling_a_website_makes_its_container(
    service: BlobServiceClient, container: ContainerClient
) -> Any:
    outcome(service.delete_container, "$web")
    service.set_service_properties(
        static_website=StaticWebsite(enabled=True, index_document="index.html")
    )
    return service.get_container_client("$web").exists()


@case
def account_information(service: BlobServiceClient, container: ContainerClient) -> Any:
    found = service.get_account_information()
    return [found["account_kind"], found["sku_name"]]


@case
def preflights(service: BlobServiceClient, container: ContainerClient) -> Any:
    rules = [
        CorsRule(
            ["http://127.0.0.1:5500"],
            ["GET", "PUT"],
            max_age_in_seconds=60,
            allowed_headers=["x-ms-*"],
        )
    ]
    service.set_service_properties(cors=rules)
    found = []
    for origin, method, headers in (
        ("http://127.0.0.1:5500", "PUT", "x-ms-blob-type"),
        ("http://evil.example", "PUT", ""),
    ):
        asked = {
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": headers,
        }
        answer = send(container, HttpRequest("OPTIONS", container.url, headers=asked))
        found.append([answer.status_code, answer.headers.get("Access-Control-Allow-Origin")])
    service.set_service_properties(cors=[])
    return found


@case
def public_access(service: BlobServiceClient, container: ContainerClient) -> Any:
    filled(container)
    found = []
    for access in (None, "blob", "container"):
        container.set_container_access_policy({}, public_access=access)
        for path in ("/blob", "?restype=container&comp=list", "?restype=container"):
            answer = send(container, HttpRequest("GET", container.url + path))
            found.append([access, path, answer.status_code, answer.headers.get("x-ms-error-code")])
        write = HttpRequest(
            "PUT", container.url + "/x", content=b"1", headers={"x-ms-blob-type": "BlockBlob"}
        )
        found.append([access, "write", send(container, write).status_code])
    return found


def send(container: ContainerClient, request: HttpRequest) -> Any:
    """Send a request with nobody's signature."""
    from azure.core import PipelineClient

    anybody: PipelineClient[Any, Any] = PipelineClient("http://127.0.0.1", policies=[])
    with anybody as client:
        return client.send_request(request)


@case
def signatures(service: BlobServiceClient, container: ContainerClient) -> Any:
    blob = filled(container)
    key = key_of(service)
    account = str(service.account_name)
    where: dict[str, Any] = {
        "account_name": account,
        "account_key": key,
        "container_name": container.container_name,
    }
    tokens = {
        "account": generate_account_sas(account, key, "sco", "rl", LATER),
        "account, services only": generate_account_sas(account, key, "s", "rl", LATER),
        "container": generate_container_sas(**where, permission="rl", expiry=LATER),
        "blob": generate_blob_sas(**where, blob_name="blob", permission="r", expiry=LATER),
        "other blob": generate_blob_sas(**where, blob_name="other", permission="r", expiry=LATER),
        "expired": generate_blob_sas(**where, blob_name="blob", permission="r", expiry=LONG_AGO),
        "create only": generate_container_sas(**where, permission="c", expiry=LATER),
        "https only": generate_blob_sas(
            **where, blob_name="blob", permission="r", expiry=LATER, protocol="https"
        ),
        "from elsewhere": generate_blob_sas(
            **where, blob_name="blob", permission="r", expiry=LATER, ip="10.0.0.1"
        ),
        "changed": generate_blob_sas(
            **where, blob_name="blob", permission="r", expiry=LATER
        ).replace("sp=r", "sp=rw"),
    }
    found = {}
    for name, token in tokens.items():
        with BlobClient.from_blob_url(blob.url, credential=token, retry_total=0) as client:
            found[name] = [
                outcome(lambda client=client: client.download_blob().readall()),
                outcome(
                    lambda client=client: client.upload_blob(b"x", overwrite=True) and "written"
                ),
                outcome(client.delete_blob),
            ]
    return found


@case
def a_stored_access_policy(service: BlobServiceClient, container: ContainerClient) -> Any:
    from azure.storage.blob import AccessPolicy

    blob = filled(container)
    container.set_container_access_policy({"readers": AccessPolicy("r", LATER)})
    token = generate_blob_sas(
        str(service.account_name),
        container.container_name,
        "blob",
        account_key=key_of(service),
        policy_id="readers",
    )
    found = [
        sorted(item.id for item in container.get_container_access_policy()["signed_identifiers"])
    ]
    for _ in range(2):
        with BlobClient.from_blob_url(blob.url, credential=token, retry_total=0) as client:
            found.append(outcome(lambda client=client: client.download_blob().readall()))
        container.set_container_access_policy({})
    return found


@case
def a_wrong_key(service: BlobServiceClient, container: ContainerClient) -> Any:
    key = base64.b64encode(b"wrong" * 12).decode()
    with BlobServiceClient(
        service.url, {"account_name": str(service.account_name), "account_key": key}, retry_total=0
    ) as wrong:
        return outcome(wrong.get_service_properties)


@case
def snapshots(service: BlobServiceClient, container: ContainerClient) -> Any:
    return outcome(lambda: filled(container).create_snapshot() and "made")


@case
def page_blobs(service: BlobServiceClient, container: ContainerClient) -> Any:
    return outcome(lambda: container.get_blob_client("pages").create_page_blob(512) and "made")


@case
def finding_by_tags(service: BlobServiceClient, container: ContainerClient) -> Any:
    return outcome(lambda: list(service.find_blobs_by_tags("\"room\"='general'")) and None)


@case
def bad_metadata(service: BlobServiceClient, container: ContainerClient) -> Any:
    return [
        outcome(container.upload_blob, "a", b"1", metadata={name: "v"})
        for name in ("a-b", "1a", "a.b")
    ]


@case
def a_bad_block_list(service: BlobServiceClient, container: ContainerClient) -> Any:
    blob = container.get_blob_client("a")
    return outcome(blob.commit_block_list, [BlobBlock(block_id(9))])
