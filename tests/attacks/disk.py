"""A disk that fills up, or takes no writes, in the middle of anything."""

from __future__ import annotations

import errno

from tests.attacks.group import Group

REFUSALS: dict[str, tuple[int, str, bool]] = {
    "no space left": (errno.ENOSPC, "the disk is full", True),
    "quota used up": (errno.EDQUOT, "your quota on the disk is used up", True),
    "longer than a file may be": (errno.EFBIG, "larger than a file may be", True),
    "read-only disk": (errno.EROFS, "the disk is read-only", False),
    "failing disk": (errno.EIO, "the disk has failed", False),
    "another user's folder": (errno.EACCES, "it is not allowed", False),
}

# Each tried again and again on a disk without a byte left.
ON_A_FULL_DISK = (
    "put a blob",
    "put two blocks and commit them",
    "copy a blob",
    "append to a log",
    "set metadata",
    "delete a blob",
    "put a resource group",
    "put a SignalR instance",
    "delete a SignalR instance",
    "register an application",
    "delete an application",
)

GROUPS = (
    Group(
        "Changes on a full disk",
        "test_full_disk.py",
        "test_a_full_disk_refuses_or_keeps",
        ON_A_FULL_DISK,
    ),
    Group(
        "Disks that take nothing",
        "test_files.py",
        "test_a_disk_that_takes_nothing_is_named",
        tuple(REFUSALS),
    ),
)
