"""Which files of a folder are a page's: those of kinds that a static website has.

The upload and the server of a local run ask here, so that both show the same. Standard library
only: that server starts at once.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from chatkit.cloud.publish import private_names
from chatkit.cloud.publish.selection import Selector

IGNORE_FILE = ".pageignore"
UTF8 = "; charset=utf-8"
# Every kind that is published, with the type a browser needs. The SDK's own default is
# application/octet-stream, which a browser offers for download.
KINDS = {
    # Pages and what they are made of
    ".html": f"text/html{UTF8}",
    ".htm": f"text/html{UTF8}",
    ".xhtml": "application/xhtml+xml",
    ".css": f"text/css{UTF8}",
    ".js": f"text/javascript{UTF8}",
    ".mjs": f"text/javascript{UTF8}",
    ".cjs": f"text/javascript{UTF8}",
    ".json": f"application/json{UTF8}",
    ".map": "application/json",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    # Texts and data
    ".txt": f"text/plain{UTF8}",
    ".md": f"text/plain{UTF8}",
    ".xml": f"application/xml{UTF8}",
    ".rss": "application/rss+xml",
    ".atom": "application/atom+xml",
    ".csv": f"text/csv{UTF8}",
    ".tsv": f"text/tab-separated-values{UTF8}",
    ".geojson": "application/geo+json",
    ".jsonld": "application/ld+json",
    ".ics": f"text/calendar{UTF8}",
    ".vcf": f"text/vcard{UTF8}",
    ".vtt": f"text/vtt{UTF8}",
    ".pdf": "application/pdf",
    # Pictures
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".apng": "image/apng",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".ico": "image/x-icon",
    ".cur": "image/x-icon",
    # Fonts
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".ttf": "font/ttf",
    ".otf": "font/otf",
    ".eot": "application/vnd.ms-fontobject",
    # Sound, films, models
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".aac": "audio/aac",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".weba": "audio/webm",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".ogv": "video/ogg",
    ".glb": "model/gltf-binary",
    ".gltf": "model/gltf+json",
}
OTHER = "application/octet-stream"
# What comes with other people's files, and is to stay with them.
TEXTS = {"license", "licence", "notice", "copying", "authors", "readme", "changelog", "cname"}


def selector(folder: Path) -> Selector:
    """The rules for a page's folder.

    Raises:
        SetupError: Its `.pageignore` cannot be read.
    """
    return Selector(folder, ignore_file=IGNORE_FILE, takes=is_of_a_page)


def is_of_a_page(path: PurePosixPath) -> bool:
    """Whether a static website has files of that kind."""
    # Names below .well-known are given by others, often without any kind (RFC 8615).
    if private_names.WELL_KNOWN in path.parts[:-1]:
        return True
    return path.suffix.lower() in KINDS or path.name.lower() in TEXTS


def content_type(path: PurePosixPath) -> str:
    """The type that a browser is told."""
    if path.name.lower() in TEXTS:
        return KINDS[".txt"]
    return KINDS.get(path.suffix.lower(), OTHER)
