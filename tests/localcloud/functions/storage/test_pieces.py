"""Contents in pieces are the same content."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatkit.localcloud.functions.storage.pieces import PieceReader


@given(st.lists(st.binary(max_size=9), max_size=9), st.integers(1, 20))
def test_however_it_is_read_the_content_is_the_same(pieces: list[bytes], size: int) -> None:
    """Every part has the size that was asked for, but for the last one."""
    reader = PieceReader(pieces)
    parts = []
    while part := reader.read(size):
        parts.append(part)
    assert b"".join(parts) == b"".join(pieces)
    assert all(len(part) == size for part in parts[:-1])
    assert PieceReader(pieces).read() == b"".join(pieces)


def test_a_piece_as_long_as_asked_for_is_handed_on() -> None:
    """Megabytes are not copied."""
    piece = b"x" * 9
    assert PieceReader([piece, b"y"]).read(9) is piece
