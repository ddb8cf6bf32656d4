"""What the local cloud keeps of a run that it carries."""

from __future__ import annotations

import asyncio
import json

from chatkit.localcloud.functions.local.carried import MOST_BYTES, Lines, Run


async def test_several_may_end_a_run() -> None:
    """The second one leaves the cleaning up alone, and waits for it."""
    is_free = False

    async def serve() -> None:
        nonlocal is_free
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(3):
                await asyncio.sleep(0)
            is_free = True

    run = Run(Lines(), asyncio.create_task(serve()))
    await asyncio.sleep(0)
    await asyncio.gather(run.stop(), run.stop())
    assert is_free


async def test_lines_that_nobody_reads_take_little_room() -> None:
    """The latest ones are kept."""
    lines = Lines()
    for number in range(100):
        lines.add(f"{number} ".ljust(MOST_BYTES // 10 - 100))
    kept = [json.loads(line)["line"].strip() for line in await lines.next()]
    assert kept == [str(number) for number in range(90, 100)]
