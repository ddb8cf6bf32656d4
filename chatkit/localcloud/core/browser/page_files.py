"""The files of a page that a port serves: its own, and the script that all such pages share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import PurePosixPath

from aiohttp import web

KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
TOKEN_SCRIPT = "page_token.js"


@dataclass(frozen=True)
class PageFile:
    """A text file in the folder `page` of a package.

    Attributes:
        package: The package's name.
        name: The file's name.
    """

    package: str
    name: str

    def answer(self, headers: Mapping[str, str] | None = None) -> web.Response:
        """The file, as it is now."""
        text = (resources.files(self.package) / "page" / self.name).read_text(encoding="utf-8")
        kind = KINDS[PurePosixPath(self.name).suffix]
        return web.Response(text=text, content_type=kind, headers=headers)


def page_files(package: str, names: Mapping[str, str], *, below: str) -> dict[str, PageFile]:
    """The files of a page by their paths, with the script that proves its token.

    Args:
        package: The package that has them.
        names: The name of each of its own files, by path.
        below: Where the shared script is; empty for the top.
    """
    files = {path: PageFile(package, name) for path, name in names.items()}
    files[f"{below}/{TOKEN_SCRIPT}"] = PageFile(__package__, TOKEN_SCRIPT)
    return files
