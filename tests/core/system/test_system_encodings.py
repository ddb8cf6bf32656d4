"""No file is read in the encoding of the locale: `chatkit test` has Python warn of that."""

from __future__ import annotations

import sys
import warnings

import pytest

OURS = ("chatkit.core.files", "test_files", "tests.playing", "conftest", "functions.chat_history")


@pytest.mark.parametrize("name", OURS)
def test_a_file_of_ours_without_an_encoding_is_an_error(name: str) -> None:
    """Whichever module opens it; pyproject.toml says so."""
    with pytest.raises(EncodingWarning):
        warnings.warn_explicit("no encoding", EncodingWarning, "some.py", 1, module=name)


def test_other_peoples_files_are_theirs() -> None:
    """Their packages may read them as they like."""
    warnings.warn_explicit("no encoding", EncodingWarning, "some.py", 1, module="jupyterlab.some")


def test_python_warns_where_the_command_has_started_it() -> None:
    """`chatkit test` sets a variable; pytest alone looks at nothing."""
    if not sys.flags.warn_default_encoding:
        pytest.skip("started without `chatkit test`")
    with pytest.raises(EncodingWarning):
        open(__file__).close()  # noqa: PLW1514
