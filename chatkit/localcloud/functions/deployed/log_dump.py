"""The zip file with a site's logs, as Kudu gives it at `/dump`. `az webapp log download` reads it.

Follows Kudu's page "REST API", section "Diagnostics".
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from chatkit.localcloud.functions.deployed.build_log import LogLine

# Where Azure's host keeps what it writes.
HOST_LOGS = "LogFiles/Application/Functions/Host"
PREDECESSOR = ".1"  # of a log file that was full


def file_name() -> str:
    """Kudu's name of the file: no two of one site are alike."""
    return f"dump-{datetime.now(UTC):%m-%d-%H-%M-%S}.zip"


def archive(log_file: Path, builds: Mapping[str, Iterable[LogLine]]) -> bytes:
    """Pack the app's log, its predecessor, and the logs of deployments by id.

    A log is some megabytes at most, and shrinks to a tenth.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in (log_file.with_name(log_file.name + PREDECESSOR), log_file):
            # Not there before the first line, or moved away while this runs.
            with suppress(FileNotFoundError):
                packed.writestr(f"{HOST_LOGS}/{path.name}", path.read_bytes())
        for deployment_id, lines in builds.items():
            text = "".join(f"{line['log_time']},{line['message']}\n" for line in lines)
            packed.writestr(f"deployments/{deployment_id}/log.log", text)
    return content.getvalue()
