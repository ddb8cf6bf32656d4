"""What clients of Microsoft Graph send: JSON bodies with OData annotations, and filters."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import cast

from aiohttp import web

from chatkit.core import strict_json
from chatkit.localcloud.core import odata
from chatkit.localcloud.core.odata import And, AnyOf, Call, Comparison, Literal, Name, Node, Or
from chatkit.localcloud.entra.assertions import certificate_der
from chatkit.localcloud.entra.core.applications import (
    CLIENT_KINDS,
    ApplicationChanges,
    KeyCredential,
    iso,
)
from chatkit.localcloud.entra.core.federation import NAME as FEDERATED_NAME
from chatkit.localcloud.entra.core.federation import FederatedCredential
from chatkit.localcloud.entra.errors import GraphError

Body = dict[str, object]
Keeps = Callable[[Mapping[str, object]], bool]
FILTERS = "name eq 'value', startswith(name,'value'), names/any(x:x eq 'value'), joined by and, or"
# dateTimeOffsetValue of the OData ABNF; a moment without an offset is none.
MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(\.\d{1,12})?(Z|[+-]\d\d:\d\d)", re.IGNORECASE | re.ASCII
)
MOST_CHARACTERS = 600  # of an issuer, of a subject
# passwordCredentials are taken and left out: secrets come from addPassword alone.
IGNORED = {"passwordCredentials"}


async def read_body(request: web.Request) -> Body:
    """The JSON object of a request, without annotations.

    Raises:
        GraphError: It is not a JSON object.
    """
    return cast(Body, without_annotations(await _read_object(request)))


async def read_reference(request: web.Request) -> str:
    """The object id of a request that refers to an object by its address.

    Raises:
        GraphError: It does not.
    """
    address = (await _read_object(request)).get("@odata.id")
    if not isinstance(address, str) or not address.rpartition("/")[2]:
        raise _invalid("@odata.id")
    return address.rpartition("/")[2]


async def _read_object(request: web.Request) -> Body:
    if not request.body_exists:
        return {}
    try:
        body = strict_json.loads(await request.read())
    except ValueError:
        raise GraphError(400, "BadRequest", "Unable to read JSON request payload.") from None
    if not isinstance(body, dict):
        raise GraphError(400, "BadRequest", "The request payload must be a JSON object.")
    return body


def without_annotations(value: object) -> object:
    """A value without what its client has written about it.

    Microsoft's SDKs write `@odata.type` everywhere (OData JSON Format 4.01 §4.6, §20).
    """
    if isinstance(value, list):
        return [without_annotations(item) for item in value]
    if isinstance(value, dict):
        return {name: without_annotations(item) for name, item in value.items() if "@" not in name}
    return value


def section(body: Body, name: str) -> Body:
    """An object within a body; empty when it is absent or null.

    Raises:
        GraphError: It is something else.
    """
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _invalid(name)
    return value


def texts(body: Body, name: str) -> list[str]:
    """A list of texts within a body; empty when it is absent or null.

    Raises:
        GraphError: It is something else.
    """
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _invalid(name)
    return value


def moment(body: Body, name: str) -> datetime | None:
    """A point in time within a body, in UTC and whole seconds; None when it is absent or null.

    Raises:
        GraphError: It is something else. The code is the OData library's, which Graph uses.
    """
    value = body.get(name)
    if value is None:
        return None
    found = MOMENT.fullmatch(value) if isinstance(value, str) else None
    if found is not None:
        start, seconds, _, offset = found.groups()
        try:
            read = datetime.fromisoformat(f"{start}{seconds or ':00'}{offset.upper()}")
            return read.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise GraphError(
        400,
        "RequestBodyRead",
        f"Cannot convert the literal '{value}' to the expected type 'Edm.DateTimeOffset'.",
    )


def application_changes(body: Body) -> ApplicationChanges:
    """The properties of an application that a body sets.

    Raises:
        GraphError: An unknown property, or a value that it cannot have.
    """
    unknown = body.keys() - ApplicationChanges.__annotations__.keys() - IGNORED
    if unknown:
        name = min(unknown)
        raise GraphError(
            400, "Request_BadRequest", f"Property '{name}' is not one the local cloud can set."
        )
    changes: Body = {name: value for name, value in body.items() if name not in IGNORED}
    if "displayName" in body and not isinstance(body["displayName"], str):
        raise _invalid("displayName")
    if "identifierUris" in body:
        changes["identifierUris"] = texts(body, "identifierUris")
    if not isinstance(body.get("isFallbackPublicClient"), bool | None):
        raise _invalid("isFallbackPublicClient")
    for kind in CLIENT_KINDS:
        if kind in body:
            changes[kind] = section(body, kind)
            for uri in texts(section(body, kind), "redirectUris"):
                _check_redirect(uri)
    if "keyCredentials" in body:
        changes["keyCredentials"] = _key_credentials(body["keyCredentials"])
    return cast(ApplicationChanges, changes)


def _check_redirect(uri: str) -> None:
    if not uri.startswith(("https://", "http://localhost", "http://127.0.0.1")) or "#" in uri:
        raise GraphError(
            400,
            "Request_BadRequest",
            f"The redirect URI '{uri}' is invalid: it must start with https, or with"
            " http://localhost, and have no fragment.",
        )


def _key_credentials(given: object) -> list[KeyCredential]:
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        raise _invalid("keyCredentials")
    return [_key_credential(entry) for entry in given]


def _key_credential(entry: Body) -> KeyCredential:
    try:
        der = certificate_der(str(entry.get("key") or ""))
    except ValueError:
        raise GraphError(
            400, "KeyCredentialsInvalid", "New key credential has no certificate in its key."
        ) from None
    return {
        "keyId": str(entry.get("keyId") or uuid.uuid4()),
        "displayName": entry.get("displayName"),
        "startDateTime": _moment_text(entry, "startDateTime"),
        "endDateTime": _moment_text(entry, "endDateTime"),
        "usage": entry.get("usage"),
        "type": entry.get("type"),
        "key": base64.b64encode(der).decode(),
    }


def federated_credential(body: Body, old: FederatedCredential | None = None) -> FederatedCredential:
    """A federated identity credential, new or changed.

    Raises:
        GraphError: A value is missing, or one that it cannot have.
    """
    known: Body = {**(old or {"description": None})}
    unknown = body.keys() - FederatedCredential.__annotations__.keys()
    if unknown:
        raise _invalid(min(unknown))
    if old is not None and body.get("name", old["name"]) != old["name"]:
        raise GraphError(
            400, "Request_BadRequest", "Name is immutable and cannot be changed after creation."
        )
    made = {**known, **body, "id": known.get("id") or str(uuid.uuid4())}
    for name in ("name", "issuer", "subject"):
        if not isinstance(made.get(name), str) or not 0 < len(str(made[name])) <= MOST_CHARACTERS:
            raise _invalid(name)
    if not FEDERATED_NAME.fullmatch(str(made["name"])):
        raise _invalid("name")
    if not isinstance(made["description"], str | None):
        raise _invalid("description")
    # Graph takes a list, and one text in it.
    if len(texts(made, "audiences")) != 1:
        raise _invalid("audiences")
    return cast(FederatedCredential, made)


def _moment_text(entry: Body, name: str) -> str | None:
    found = moment(entry, name)
    return None if found is None else iso(found)


def _invalid(name: str) -> GraphError:
    return GraphError(400, "Request_BadRequest", f"Invalid value specified for property '{name}'.")


# Filters -----------------------------------------------------------------------------------------


def read_filter(text: str) -> Keeps:
    """What a `$filter` keeps. Texts compare in any case.

    Raises:
        GraphError: It has a form that is not supported here.
    """
    try:
        return _keeps(odata.parse(text))
    except odata.FilterError:
        raise GraphError(400, "Request_UnsupportedQuery", f"Filters here are: {FILTERS}.") from None


def _keeps(node: Node) -> Keeps:
    match node:
        case And(operands):
            every = [_keeps(operand) for operand in operands]
            return lambda value: all(keeps(value) for keeps in every)
        case Or(operands):
            some = [_keeps(operand) for operand in operands]
            return lambda value: any(keeps(value) for keeps in some)
        case Comparison("eq", Name(name), Literal(str(wanted))):
            return lambda value: _folded(value.get(name)) == wanted.lower()
        case Call("startswith", (Name(name), Literal(str(start)))):
            return lambda value: _folded(value.get(name)).startswith(start.lower())
        case AnyOf(name, variable, Comparison("eq", Name(member), Literal(str(wanted)))) if (
            member == variable
        ):
            return lambda value: wanted.lower() in map(_folded, _members(value.get(name)))
    raise odata.FilterError("not supported", node.position)


def _folded(value: object) -> str:
    return str(value or "").lower()


def _members(value: object) -> Iterable[object]:
    if isinstance(value, list):
        return value
    return ()
