"""XML as Blob storage writes it: no namespaces, few attributes, no document types."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MAX_DEPTH = 16


@dataclass
class Element:
    """One element: a name, and text or children.

    Attributes:
        content: Text, or child elements.
        attributes: In the order they are written.
    """

    name: str
    content: str | Sequence[Element] = ""
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The text; empty for an element with children."""
        return self.content if isinstance(self.content, str) else ""

    @property
    def children(self) -> Sequence[Element]:
        """The child elements; none for an element with text."""
        return () if isinstance(self.content, str) else self.content

    def child(self, name: str) -> Element | None:
        """The first child of a name."""
        return next((child for child in self.children if child.name == name), None)

    def value(self, name: str, default: str = "") -> str:
        """The text of the first child of a name."""
        child = self.child(name)
        if child is None:
            return default
        return child.text

    def render(self) -> str:
        """The element as text."""
        attributes = "".join(
            f" {name}={quoteattr(value)}" for name, value in self.attributes.items()
        )
        if not self.content:
            return f"<{self.name}{attributes} />"
        if isinstance(self.content, str):
            # What a client sent comes back in an error, and XML has no form for a NUL at all.
            inner = escape(FORBIDDEN.sub("\ufffd", self.content))
        else:
            inner = "".join(child.render() for child in self.content)
        return f"<{self.name}{attributes}>{inner}</{self.name}>"


class Rendered(Element):
    """An element whose content is XML already: for long lists, which are written in parts."""

    def render(self) -> str:
        """The element as text."""
        return f"<{self.name}>{self.text}</{self.name}>"


def document(root: Element) -> bytes:
    """A whole document as Blob storage sends it."""
    return ('<?xml version="1.0" encoding="utf-8"?>' + root.render()).encode()


def named(name: str, text: str) -> Element:
    """An element for the name of a blob or prefix; percent-encoded when XML cannot hold it."""
    if not FORBIDDEN.search(text):
        return Element(name, text)
    return Element(name, quote(text), {"Encoded": "true"})


def parse(data: bytes) -> Element:
    """Read a document.

    Raises:
        ValueError: It is not well-formed, has a document type, or is nested absurdly deep.
    """
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from None
    return reader.root


class _Reader:
    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.root = Element("")
        self._open: list[tuple[Element, list[Element], list[str]]] = []

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise ValueError("nested too deep")
        self._open.append((Element(name, "", attributes), [], []))

    def _end(self, _name: str) -> None:
        element, children, texts = self._open.pop()
        element.content = children or "".join(texts)
        if self._open:
            self._open[-1][1].append(element)
        else:
            self.root = element

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1][2].append(text)

    def _doctype(self, *_declaration: object) -> None:
        # An entity of a document type can grow to any size, or name a file.
        raise ValueError("a document type is not allowed")
