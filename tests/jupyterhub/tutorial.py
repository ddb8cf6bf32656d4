"""People of a hub who do the tutorial at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from tests.jupyterhub.hub import Hub
from tests.jupyterhub.person import Outputs, Person, client

Shown = dict[str, dict[str, Outputs]]


@dataclass(frozen=True)
class Done:
    """What people of a hub have done.

    Attributes:
        shown: What the cells of each notebook have shown, by person and notebook.
        ports: Where the programs of each person listened at the end.
    """

    hub: Hub
    shown: Mapping[str, Shown]
    ports: Mapping[str, set[int]]


def done(hub: Hub, until: Mapping[str, str]) -> Done:
    """Let people start their servers, and run the notebooks from 00 on.

    Args:
        hub: Of all.
        until: The last section of each person.
    """
    shown = asyncio.run(_done(hub, until))
    return Done(hub, shown, {name: _ports(hub, name) for name in until})


def _ports(hub: Hub, name: str) -> set[int]:
    return {
        connection.laddr.port
        for process in hub.processes(name)
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }


async def _done(hub: Hub, until: Mapping[str, str]) -> dict[str, Shown]:
    async with client(hub) as http:
        everybody = [Person(hub, name, http) for name in until]
        await asyncio.gather(*(person.start() for person in everybody))
        shown = await asyncio.gather(*(_run(person, until[person.name]) for person in everybody))
    return dict(zip(until, shown, strict=True))


async def _run(person: Person, until: str) -> Shown:
    return {name: await person.run(name) for name in await person.notebooks(until)}
