"""Text files in the encodings that editors write."""

from __future__ import annotations

import codecs
import os
import sys
from pathlib import Path

import pytest

from chatkit.core.reading import texts


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_the_byte_order_mark_names_the_encoding(tmp_path: Path, mark: bytes, encoding: str) -> None:
    """And is no part of the text; PowerShell 5 writes UTF-16 with Windows' line ends."""
    path = tmp_path / "requirements.txt"
    path.write_bytes(mark + "azure-functions\r\ngrüße\r\n".encode(encoding))
    assert texts.read(path) == "azure-functions\ngrüße\n"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Nobody may ever write into it."""
    if sys.platform == "win32":
        pytest.skip("Windows has no pipes among files")
    os.mkfifo(tmp_path / "host.json")
    with pytest.raises(OSError, match="it is no file"):
        texts.read(tmp_path / "host.json")


def test_what_is_no_text_is_refused() -> None:
    """A mark that lies, and bytes without one."""
    for content in (b"\xff\xfe\x00", b"\xfe", codecs.BOM_UTF8 + b"\xff"):
        with pytest.raises(UnicodeDecodeError):
            texts.decode(content)
    assert texts.decode(b"a\xff", errors="replace") == "a�"
