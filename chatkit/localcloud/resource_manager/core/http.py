"""One request and one answer, apart from any web framework; pages of lists; what bodies share."""

from __future__ import annotations

import base64
import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

from chatkit.core import strict_json
from chatkit.localcloud.core.web import whole_number
from chatkit.localcloud.entra.tokens import Claims
from chatkit.localcloud.resource_manager.bodies import body_types
from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject, SystemData, iso

PAGE_SIZE = 200
MAX_TAGS = 50
MAX_TAG_NAME = 512
MAX_TAG_VALUE = 256
RESERVED_IN_TAG_NAMES = "<>%&\\?/"
# Azure's own tags may have them, such as `hidden-link:/subscriptions/...` of Application Insights.
HIDDEN_TAGS = ("hidden", "link")


@dataclass
class Call:
    """One request that has found its operation.

    Attributes:
        method: HTTP method.
        path: Path as the client wrote it.
        params: Values of the path template's placeholders, as written by the client.
        query: Query parameters, names lower-case.
        headers: Header fields, names lower-case.
        raw: Body bytes.
        base_url: Scheme, host and port as the client reached us: polling URLs are built on it.
        claims: Who asks; None for the few operations open to everybody.
    """

    method: str
    path: str
    params: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes
    base_url: str
    claims: Claims | None = None

    @property
    def api_version(self) -> str:
        """The api-version asked for."""
        return self.query.get("api-version", "")

    @property
    def actor(self) -> str:
        """Name for `systemData`."""
        return self.claims.name if self.claims else ""

    def body(self) -> JsonObject:
        """The body as a JSON object; an absent one is empty.

        Raises:
            ArmError: Not JSON, or not an object.
        """
        if not self.raw.strip():
            return {}
        try:
            value = strict_json.loads(self.raw.removeprefix(codecs.BOM_UTF8))
        except ValueError as error:
            raise errors.invalid_body(f"The body is not valid JSON: {error}.") from None
        if not isinstance(value, dict):
            raise errors.invalid_body("The body must be a JSON object.")
        return value

    def required_body(self) -> JsonObject:
        """The body, which must be there.

        Raises:
            ArmError: Missing, not JSON, or not an object.
        """
        if not self.raw.strip():
            raise errors.ArmError(
                400, "MissingRequestBody", "The request body is missing: a JSON object is expected."
            )
        return self.body()

    def typed_body(self, what: str, *, may_be_absent: bool = False) -> JsonObject:
        """The body, with parts of the JSON types that Azure takes.

        Args:
            what: A resource type, or what stands below one: see `body_types`.
            may_be_absent: An absent body is an empty one.

        Raises:
            ArmError: Missing, not JSON, not an object, or a part is of another type.
        """
        body = self.body() if may_be_absent else self.required_body()
        try:
            body_types.check(body, what)
        except body_types.WrongType as error:
            raise errors.invalid_body(str(error)) from None
        return body


@dataclass
class Answer:
    """What goes back."""

    status: int = 200
    body: Json = None
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    content_type: str = "application/json; charset=utf-8"


def merge(old: Json, patch: Json) -> Json:
    """RFC 7386 merge patch."""
    if not isinstance(patch, dict) or not isinstance(old, dict):
        return patch
    merged = dict(old)
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(old.get(name), value)
    return merged


def tags(body: JsonObject, *, max_name: int = MAX_TAG_NAME) -> dict[str, str]:
    """The body's tags.

    Follows "Use tags to organize your Azure resources". A name in two cases is one tag: Azure keeps
    one, as it was measured (MicrosoftDocs/azure-docs#57888).

    Args:
        body: What has the property `tags`.
        max_name: How many characters a name may have.

    Raises:
        ArmError: Too many, too long, a name that is empty or has reserved characters, or not text.
    """
    given = body.get("tags") or {}
    if not isinstance(given, dict) or any(not isinstance(value, str) for value in given.values()):
        raise errors.invalid_body("The property 'tags' must be an object of strings.")
    found = with_tags({}, given)
    if len(found) > MAX_TAGS:
        raise errors.ArmError(
            400, "InvalidTags", f"At most {MAX_TAGS} tags are allowed, {len(found)} were given."
        )
    _check_tag_names(found, max_name)
    for text in found.values():
        if len(text) > MAX_TAG_VALUE:
            raise errors.ArmError(
                400,
                "InvalidTagValueLength",
                f"Tag value too large. Following tag value '{text}' exceeded the maximum length."
                f" Maximum allowed length for tag value - '{MAX_TAG_VALUE}' characters.",
            )
    return found


def with_tags(kept: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    """Tags with others put over them. A tag that is there keeps the case of its name."""
    written = {name.lower(): name for name in kept}
    found = {**kept}
    for name, text in given.items():
        found[written.setdefault(name.lower(), name)] = text
    return found


def _check_tag_names(given: dict[str, str], max_name: int) -> None:
    if any(not name.strip() for name in given):
        # That Azure refuses it is known; the words are ours.
        raise errors.ArmError(400, "InvalidTagName", "A tag name must not be empty.")
    reserved = [name for name in given if _has_reserved(name)]
    if reserved:
        listed = ",".join(RESERVED_IN_TAG_NAMES)
        raise errors.ArmError(
            400,
            "InvalidTagNameCharacters",
            f"The tag names '{', '.join(reserved)}' have reserved characters '{listed}' or"
            " control characters.",
        )
    for name in given:
        if len(name) > max_name:
            raise errors.ArmError(
                400,
                "InvalidTagName",
                f"Tag key too large. Following tag name '{name}' exceeded the maximum length."
                f" Maximum allowed length for tag name - '{max_name}' characters.",
            )


def _has_reserved(name: str) -> bool:
    if name.lower().startswith(HIDDEN_TAGS):
        return False
    return any(sign in RESERVED_IN_TAG_NAMES or ord(sign) < 32 for sign in name)


def properties(body: JsonObject) -> JsonObject:
    """The body's `properties` object; an absent one is empty."""
    given = body.get("properties") or {}
    if not isinstance(given, dict):
        raise errors.invalid_body("The property 'properties' must be an object.")
    return given


def page(call: Call, keys: Iterator[str], render: Callable[[str], JsonObject | None]) -> Answer:
    """One page of a list, with an absolute nextLink when there is more.

    Args:
        call: Its $top and $skiptoken count.
        keys: All keys; already started behind `skip_token(call)`.
        render: Makes the list entry for a key; None leaves it out.
    """
    limit = PAGE_SIZE
    top = whole_number(call.query.get("$top", ""))
    if top:
        limit = min(top, PAGE_SIZE)
    values: list[JsonObject] = []
    last = ""
    for key in keys:
        if len(values) == limit:
            token = base64.urlsafe_b64encode(last.encode()).decode()
            query = {**call.query, "$skiptoken": token}
            link = f"{call.base_url}{call.path}?{urlencode(query)}"
            return Answer(body={"value": values, "nextLink": link})
        value = render(key)
        if value is not None:
            values.append(value)
        last = key
    return Answer(body={"value": values})


def skip_token(call: Call) -> str:
    """The key behind which the asked-for page starts.

    Raises:
        ArmError: The token is none of ours.
    """
    token = call.query.get("$skiptoken", "")
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except ValueError:
        message = "The provided skip token is invalid."
        raise errors.ArmError(400, "InvalidSkipToken", message) from None


def system_data(call: Call, old: SystemData | None = None) -> SystemData:
    """Who made and changed a resource, and when."""
    kind = "User"
    if call.claims and call.claims.raw.get("idtyp") == "app":
        kind = "Application"
    now = iso()
    made: SystemData = {
        "createdBy": call.actor,
        "createdByType": kind,
        "createdAt": now,
        "lastModifiedBy": call.actor,
        "lastModifiedByType": kind,
        "lastModifiedAt": now,
    }
    if old is not None:
        made["createdBy"] = old["createdBy"]
        made["createdByType"] = old["createdByType"]
        made["createdAt"] = old["createdAt"]
    return made
