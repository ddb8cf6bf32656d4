"""How long `provision()` takes, against the same steps one after another, as a script does.

The local cloud takes the durations that were recorded from the real Azure, scaled down, so that the
ratio is Azure's own.
Where az is installed (or CHATKIT_AZ names it), it makes the same resources on the same local cloud;
and once all is measured
without the recorded durations.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from chatkit.cloud import local_cloud
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.recorded.clock import Clock
from chatkit.workshop import Workshop
from tests.bench import az_provision

ROUNDS = 3
SCALE = 0.05


def run() -> dict[str, object]:
    """Measure both ways, medians of several rounds, each with new names."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.environ["CHATKIT_HOME"] = home
        folder = Path(home) / "local"
        folder.mkdir()
        store = Store(folder / "state.db")
        Clock().choose("recorded", SCALE, store)
        store.close()
        try:
            return measured()
        finally:
            local_cloud.stop(folder)


def measured() -> dict[str, object]:
    """Provision in both ways, then once more with everything there."""
    together: list[float] = []
    in_turn: list[float] = []
    again: list[float] = []
    workshop = Workshop.open(suffix="first")
    workshop.create_resource_group()  # registers the providers, which happens once per subscription
    workshop.clean_up()
    for number in range(ROUNDS):
        workshop = Workshop.open(suffix=f"a{number}")
        together.append(duration_s(workshop.provision))
        again.append(duration_s(workshop.provision))
        workshop.clean_up()
        workshop = Workshop.open(suffix=f"b{number}")
        in_turn.append(duration_s(partial(one_after_another, workshop)))
        workshop.clean_up()
    az_s = az_provision.duration_s(Path(os.environ["CHATKIT_HOME"]))
    local_cloud.ask("PUT", "/time", {"mode": "fast"})
    unslowed: list[float] = []
    for number in range(ROUNDS):
        workshop = Workshop.open(suffix=f"c{number}")
        unslowed.append(duration_s(workshop.provision))
        workshop.clean_up()
    fast, slow = statistics.median(together), statistics.median(in_turn)
    return {
        "provision_s": round(fast, 2),
        "peer": "the same steps one after another",
        "peer_s": round(slow, 2),
        "ratio": round(slow / fast, 2),
        "parallel_of_sequential": round(fast / slow, 2),
        "az_s": az_s and round(az_s, 2),
        "parallel_of_az": az_s and round(fast / az_s, 2),
        "provision_in_fast_time_s": round(statistics.median(unslowed), 2),
        "provision_again_s": round(statistics.median(again), 2),
        "time_scale": SCALE,
        "provision_at_azures_pace_s": round(fast / SCALE),
        "peer_at_azures_pace_s": round(slow / SCALE),
    }


def one_after_another(workshop: Workshop) -> None:
    """What the sections of the tutorial do."""
    workshop.create_resource_group()
    workshop.create_signalr()
    workshop.create_storage_account()
    workshop.enable_static_website()
    workshop.create_function_app()


def duration_s(work: Callable[[], object]) -> float:
    """Duration of one piece of work."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
