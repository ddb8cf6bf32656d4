"""Shared access signatures: of an account, of a container or blob, and of a user delegation key.

Follows Microsoft's pages "Create an account SAS", "Create a service SAS" and "Create a user
delegation SAS". The fields that are signed depend on the version a signature names (`sv`).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

from chatkit.localcloud.core.etags import http_date
from chatkit.localcloud.core.web import whole_number
from chatkit.localcloud.entra.tokens import Claims, Tokens
from chatkit.localcloud.storage.auth import bearer, delegation
from chatkit.localcloud.storage.auth.access import Access, Authenticator
from chatkit.localcloud.storage.auth.shared_key import authentication_failed, keys, matches
from chatkit.localcloud.storage.formats import dates
from chatkit.localcloud.storage.state.errors import StorageError
from chatkit.localcloud.storage.state.request import Request

OLDEST_VERSION = "2015-04-05"
OLDEST_BOUND_VERSION = "2025-07-05"
OVERRIDES = ("rscc", "rscd", "rsce", "rscl", "rsct")
DELEGATION = ("skoid", "sktid", "skt", "ske", "sks", "skv")
RESOURCES = ("b", "c")
NOT_WELL_FORMED = "Signature fields not well formed."


def authenticator(tokens: Tokens) -> Authenticator:
    """Recognise signatures; one that is bound to a person needs that person's token beside it."""
    signed_in = bearer.authenticator(tokens)

    def authenticate(request: Request) -> Access | None:
        access = _recognised(request)
        if access is not None and request.query.get("sduoid"):
            _check_person(request, signed_in(request))
        return access

    return authenticate


def _recognised(request: Request) -> Access | None:
    """Recognise a signature in the query.

    Raises:
        StorageError: It is wrong, out of its time, or not for this.
    """
    if "sig" not in request.query:
        return None
    if request.query.get("sv") < OLDEST_VERSION:
        raise authentication_failed(
            f"sv is not a version that is accepted: {OLDEST_VERSION} is the oldest."
        )
    if "skoid" in request.query:
        access = _delegated(request)
    elif not request.account.spec.allow_shared_key:
        raise StorageError("KeyBasedAuthenticationNotPermitted")
    elif "ss" in request.query or "srt" in request.query:
        access = _of_account(request)
    else:
        access = _of_service(request)
    return access


def _of_account(request: Request) -> Access:
    _check_fields(request, "ss", "srt", "sp", "se")
    query = request.query
    fields = ["sp", "ss", "srt", "st", "se", "sip", "spr", "sv"]
    if query.get("sv") >= "2020-12-06":
        fields.append("ses")
    text = "\n".join([request.account.name, *(query.get(name) for name in fields), ""])
    _check_times(query.get("st"), query.get("se"))
    _check_signature(request, text)
    _check_caller(request)
    if "b" not in query.get("ss"):
        raise StorageError("AuthorizationServiceMismatch")
    return Access("sas", permissions=query.get("sp"), resources=query.get("srt"))


def _of_service(request: Request) -> Access:
    query = request.query
    policy = _policy(request)
    needed = ("sr",) if policy else ("sr", "sp", "se")
    _check_fields(request, *needed)
    start = query.get("st") or policy.get("start", "")
    expiry = query.get("se") or policy.get("expiry", "")
    _check_times(start, expiry)
    _check_signature(request, "\n".join(_service_fields(request)))
    _check_caller(request)
    permissions = query.get("sp") or policy.get("permission", "")
    return Access("sas", permissions, _resource(request), service=True)


def _service_fields(request: Request) -> Iterator[str]:
    query = request.query
    version = query.get("sv")
    yield from (query.get("sp"), query.get("st"), query.get("se"))
    yield from (_canonical(request), query.get("si"))
    yield from (query.get("sip"), query.get("spr"), version)
    if version >= "2018-11-09":
        yield from (query.get("sr"), query.get("snapshot"))
    if version >= "2020-12-06":
        yield query.get("ses")
    yield from (query.get(name) for name in OVERRIDES)


def _delegated(request: Request) -> Access:
    query = request.query
    if "suoid" in query:
        # It is checked against access control lists, which only a hierarchical namespace has.
        raise authentication_failed(
            "An unauthorized user (suoid) needs an account with a hierarchical namespace;"
            " this one has none."
        )
    if "sduoid" in query and query.get("sv") < OLDEST_BOUND_VERSION:
        raise authentication_failed(
            "A signature can be bound to a principal (sduoid)"
            f" from version {OLDEST_BOUND_VERSION} on."
        )
    _check_fields(request, "sr", "sp", "se")
    key = delegation.DelegationKey(*(query.get(name) for name in (*DELEGATION, "skdutid")))
    value = delegation.value(request.account.secret, key)
    if not any(matches(value, text, query.get("sig")) for text in _delegation_texts(request)):
        raise authentication_failed("Signature did not match.")
    start = dates.parse_iso(key.start)
    expiry = dates.parse_iso(key.expiry)
    if start is None or expiry is None or not start - 1 <= dates.now() <= expiry:
        raise authentication_failed(
            f"Signature not valid in the specified key time frame: Start [{key.start}]"
            f" - Expiry [{key.expiry}]"
        )
    _check_times(query.get("st"), query.get("se"))
    _check_caller(request)
    principal = Claims(oid=key.oid, appid="", tid=key.tid, name="", raw={})
    return Access("sas", query.get("sp"), _resource(request), service=True, claims=principal)


def _check_person(request: Request, person: Access | None) -> None:
    """Require the principal that a signature is bound to (`sduoid`) to sign in as well."""
    if person is None or person.claims is None:
        raise authentication_failed(
            "The signature is bound to a principal (sduoid);"
            " a bearer token of that principal is missing."
        )
    claims = person.claims
    tenant = request.query.get("skdutid") or request.query.get("sktid")
    if (claims.oid.lower(), claims.tid.lower()) != (
        request.query.get("sduoid").lower(),
        tenant.lower(),
    ):
        raise authentication_failed(
            "The signature is bound to another principal (sduoid) than the one of the bearer token."
        )


def _delegation_texts(request: Request) -> Iterator[str]:
    """The newest form first; each older one has fewer fields."""
    query = request.query
    version = query.get("sv")
    first = [query.get("sp"), query.get("st"), query.get("se"), _canonical(request)]
    first += [query.get(name) for name in DELEGATION]
    agents: list[str] = []
    if version >= "2020-02-10":
        agents = [query.get(name) for name in ("saoid", "suoid", "scid")]
    delegated = [query.get("skdutid"), query.get("sduoid")]
    rules = [query.get("sip"), query.get("spr"), version, query.get("sr"), query.get("snapshot")]
    if version >= "2020-12-06":
        rules.append(query.get("ses"))
    last = [query.get(name) for name in OVERRIDES]
    yield "\n".join([*first, *agents, *delegated, *rules, *_signed_request(request), *last])
    yield "\n".join([*first, *agents, *delegated, *rules, *last])
    if not any(delegated):
        yield "\n".join([*first, *agents, *rules, *last])


def _signed_request(request: Request) -> list[str]:
    """Headers and query parameters that the signature fixes, by the lists `srh` and `srq`."""
    headers = [f"{name}:{request.header(name.lower())}" for name in _named(request, "srh")]
    values = [f"{name}:{request.query.get(name.lower())}" for name in _named(request, "srq")]
    return [
        "\n".join([*headers, ""]) if headers else "",
        "\n".join(["", *values]) if values else "",
    ]


def _named(request: Request, parameter: str) -> Iterable[str]:
    """Names in a list, each once: its value may be long, and the list is a stranger's."""
    return dict.fromkeys(name for name in request.query.get(parameter).split(",") if name)


def _canonical(request: Request) -> str:
    target = request.target
    path = f"/blob/{target.account}/{target.container}"
    if _resource(request) == "c":
        return path
    return f"{path}/{target.blob}"


def _resource(request: Request) -> str:
    resource = request.query.get("sr")
    if resource not in RESOURCES or not request.target.container:
        raise authentication_failed(
            "Signed resource (sr) is missing or not provided here: it can be b or c."
        )
    return resource


def _policy(request: Request) -> dict[str, str]:
    name = request.query.get("si")
    if not name:
        return {}
    container = request.account.containers.get(request.target.container)
    if container is None or name not in container.policies:
        raise authentication_failed(f"No stored access policy is called {name}.")
    return container.policies[name]


def _check_signature(request: Request, text: str) -> None:
    if not any(matches(key, text, request.query.get("sig")) for key in keys(request)):
        raise authentication_failed(f"Signature did not match. String to sign used was {text}")


def _check_fields(request: Request, *names: str) -> None:
    """Refuse a signature that lacks a field, or is no Base64: a `+` that became a space.

    Raises:
        StorageError: In Azure's words; of Base64 https://github.com/delta-io/delta-rs/issues/910
    """
    for name in names:
        if not request.query.get(name):
            raise authentication_failed(f"{name} is mandatory. Cannot be empty")
    try:
        base64.b64decode(request.query.get("sig"), validate=True)
    except ValueError:
        raise authentication_failed(NOT_WELL_FORMED) from None


def _check_times(start: str, expiry: str) -> None:
    """Refuse a signature before its time and after it; Azure looks there first."""
    begins = dates.parse_iso(start or "1970-01-01")
    ends = dates.parse_iso(expiry)
    if begins is None or ends is None:
        raise authentication_failed(NOT_WELL_FORMED)
    if not begins <= dates.now() < ends:
        raise authentication_failed(_out_of_time(start, begins, ends))


def _check_caller(request: Request) -> None:
    if request.query.get("spr") == "https" and not request.secure:
        raise StorageError("AuthorizationProtocolMismatch")
    _check_address(request.query.get("sip"))


def _out_of_time(start: str, begins: float, ends: float) -> str:
    """Azure's words, without a start and with one.

    https://github.com/floci-io/floci-az/issues/89 has the one,
    https://github.com/microsoft/AzureStorageExplorer/issues/3219 the other.
    """
    now = http_date(dates.now())
    if not start:
        return f"Signed expiry time [{http_date(ends)}] must be after signed start time [{now}]"
    frame = f"Start [{http_date(begins)}] - Expiry [{http_date(ends)}] - Current [{now}]"
    return f"Signature not valid in the specified time frame: {frame}"


def _check_address(allowed: str) -> None:
    """Callers are on this machine: their address is 127.0.0.1, also when they used ::1."""
    first, _, last = allowed.partition("-")
    if allowed and not _number(first) <= _number("127.0.0.1") <= _number(last or first):
        raise StorageError("AuthorizationSourceIPMismatch", details={"SourceIP": "127.0.0.1"})


def _number(address: str) -> int:
    numbers = [whole_number(part) for part in address.strip().split(".")]
    parts = bytes(number for number in numbers if number is not None and number < 256)
    if len(numbers) != 4 or len(parts) != 4:
        raise authentication_failed("Signed IP address (sip) is no IPv4 address or range.")
    return int.from_bytes(parts, "big")
