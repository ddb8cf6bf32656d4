"""`make bench`: run every `bench_*.py` of this folder and write one `bench.json`.

Each module has `run() -> dict[str, object]`: its figures, with the peer they are compared with,
measured in the same run.
"""

from __future__ import annotations

import importlib
import json
import platform
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULT = HERE.parents[1] / "bench.json"


def main(wanted: list[str]) -> int:
    """Run the named benchmarks, or all, and write what they measured.

    Returns:
        1 when there is no benchmark of a given name, else 0.
    """
    names = [path.stem.removeprefix("bench_") for path in sorted(HERE.glob("bench_*.py"))]
    unknown = [name for name in wanted if name not in names]
    if unknown:
        print(
            f"There is no benchmark {', '.join(unknown)}; there are {', '.join(names)}.",
            file=sys.stderr,
        )
        return 1
    sys.path.insert(0, str(HERE))
    figures: dict[str, object] = {}
    for name in wanted or names:
        print(f"{name} …", flush=True)
        figures[name] = importlib.import_module(f"bench_{name}").run()
        print(json.dumps(figures[name], indent=1), flush=True)
    RESULT.write_text(
        json.dumps({"machine": machine(), "figures": figures}, indent=1) + "\n", encoding="utf-8"
    )
    return 0


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    import os

    return {
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
