"""`templateLink` and `parametersLink`: where a template or its parameters are, as a request says.

Follows "Using linked and nested templates" of Microsoft's documentation.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from urllib.parse import urljoin

from chatkit.localcloud.resource_manager.core.documents import Json, JsonObject
from chatkit.localcloud.resource_manager.core.errors import ArmError, invalid_body

SPEC_VERSION = re.compile(
    r"^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Resources/templateSpecs"
    r"/[^/]+/versions/[^/]+$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Link:
    """Where a document is.

    Attributes:
        uri: Its address; empty for one of a template spec.
        query: A query for the address, which may have a signature in it.
        id: The id of a template spec's version; empty for an address.
        relative_path: Which of its linked templates; empty for the main one.
        content_version: What `contentVersion` of the document must be; empty for any.
    """

    uri: str = ""
    query: str = ""
    id: str = ""
    relative_path: str = ""
    content_version: str = ""

    @property
    def public_uri(self) -> str:
        """The address without its query: a signature is a secret."""
        return self.uri.partition("#")[0].partition("?")[0]

    def shown(self) -> JsonObject:
        """As answers show it and the store keeps it."""
        found = {
            "uri": self.public_uri,
            "id": self.id,
            "relativePath": self.relative_path,
            "contentVersion": self.content_version,
        }
        return {name: value for name, value in found.items() if value}


def link_of(part: Json, name: str) -> Link | None:
    """A link of a request; None for none.

    Args:
        part: What the request has.
        name: As what it has it, for refusals.

    Raises:
        ArmError: It is no link.
    """
    if not part:
        return None
    if not isinstance(part, dict):
        raise invalid_body(f"The property '{name}' must be an object")
    texts = {key: str(part.get(key) or "") for key in part}
    link = Link(
        uri=texts.get("uri", ""),
        query=texts.get("queryString", "").removeprefix("?"),
        id=texts.get("id", ""),
        relative_path=texts.get("relativePath", ""),
        content_version=texts.get("contentVersion", ""),
    )
    if link.uri and link.id:
        raise invalid_link(f"The '{name}' of the deployment has a 'uri' and an 'id': give one.")
    if link.id and not SPEC_VERSION.fullmatch(link.id):
        raise invalid_link(
            f"The id '{link.id}' of the '{name}' is not one of a version of a template spec"
            " (.../providers/Microsoft.Resources/templateSpecs/NAME/versions/VERSION)."
        )
    if not link.uri and not link.id:
        raise invalid_link(
            f"The '{name}' of the deployment has no 'uri' and no 'id'. A 'relativePath' alone is"
            " for a deployment within a template that was deployed by a link itself."
        )
    return link


def beside(part: Json, parent: Link | None) -> Json:
    """A link of a deployment within a template, with its relative path resolved.

    Args:
        part: The link as the template has it, evaluated.
        parent: Where that template was; None for a request's own.
    """
    if not isinstance(part, dict) or part.get("uri") or part.get("id") or parent is None:
        return part
    path = str(part.get("relativePath") or "")
    if not path:
        return part
    if parent.id:
        folder = posixpath.dirname(parent.relative_path)
        whole = posixpath.normpath(posixpath.join(folder, path.replace("\\", "/")))
        return {**part, "id": parent.id, "relativePath": whole}
    found = {**part, "uri": urljoin(parent.public_uri, path)}
    del found["relativePath"]
    return {**found, "queryString": parent.query} if parent.query else found


def invalid_link(sentence: str) -> ArmError:
    """400 for a link that leads to nothing that can be deployed."""
    return ArmError(400, "InvalidContentLink", sentence)
