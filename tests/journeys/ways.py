"""Ways of messages for tests."""

from __future__ import annotations

from chatkit.journeys.journey import Hop, Journey

HOPS = (
    Hop("browsers", "functions", 0.0, None, "POST /api/messages"),
    Hop("functions", "storage", 4.2, 1.0, "append to a blob (today.jsonl): 201"),
    Hop("functions", "storage", 6.0, 1.0, "append to a blob (today.jsonl): 201"),
    Hop("functions", "signalr", 7.4, 0.2, "POST /api/hubs/chat/:send: 202"),
    Hop("signalr", "browsers", 7.6, None, "newMessage to 2 connections of hub chat"),
    Hop("functions", "browsers", 12.4, None, "answer 200"),
)


def message(number: int = 1, title: str = "alice: Hello") -> Journey:
    """A message that arrives."""
    return Journey(number, 1000.0, title, HOPS, "It arrived at 2 connections.", is_message=True)


def request(number: int = 1) -> Journey:
    """A request that sends nothing."""
    hops = (HOPS[0], HOPS[-1])
    return Journey(number, 1000.0, "GET /api/messages", hops, "Answered.")


def stopped(number: int = 1) -> Journey:
    """A message that does not."""
    refused = Hop("functions", "signalr", 1.0, 0.2, "POST /api/hubs/chat/:send: 401", failed=True)
    return Journey(number, 1000.0, "POST /api/messages", (HOPS[0], refused), "Stopped.")
