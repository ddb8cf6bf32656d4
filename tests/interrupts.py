"""Interrupting code wherever Python looks for signals, one run for each of these places."""

from __future__ import annotations

import dis
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from types import CodeType, FrameType, ModuleType
from typing import Any

import pytest

# CPython runs a signal's handler after these instructions, and after no others. So a lock that is
# taken by `with` is never lost: https://bugs.python.org/issue29988
LOOKS = {"CALL", "CALL_FUNCTION_EX", "CALL_KW", "JUMP_BACKWARD", "RESUME"}
needs_signals = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows sends a process no SIGINT of its own"
)


def everywhere(work: Callable[[], object], *modules: ModuleType) -> Iterator[int]:
    """Run something again and again, each time interrupted at a later place of some modules.

    Yields:
        The number of the place, after each run that was interrupted.
    """
    for number in count(1):
        with _interrupting(number, {str(module.__file__) for module in modules}) as hit:
            try:
                work()
            except KeyboardInterrupt:
                hit.append(number)
        if not hit:
            assert number > 1, "nothing of these modules was run"
            return
        yield number


@contextmanager
def _interrupting(number: int, files: set[str]) -> Iterator[list[int]]:
    """Send this process the signal of Ctrl+C at one place, once."""
    passed = 0

    def trace_call(frame: FrameType, _event: str, _argument: Any) -> Any:
        if frame.f_code.co_filename not in files:
            return None
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        names = _instructions(frame.f_code)
        previous = ""

        def trace(frame: FrameType, event: str, _argument: Any) -> Any:
            nonlocal passed, previous
            if event == "opcode":
                looks = previous in LOOKS
                previous = names[frame.f_lasti]
                passed += looks
                if looks and passed == number:
                    # As the system does it: who holds interrupts back notes this one, too.
                    signal.raise_signal(signal.SIGINT)
            return trace

        return trace

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    traced = sys.gettrace()
    sys.settrace(trace_call)
    try:
        yield []
    finally:
        sys.settrace(traced)
        signal.signal(signal.SIGINT, before)


@cache
def _instructions(code: CodeType) -> dict[int, str]:
    """The name of each instruction, by its place."""
    return {found.offset: found.opname for found in dis.get_instructions(code)}
