"""A plan: what the tutorial sends on Azure, told before any of it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby

from chatkit.cloud.plan import minutes, money
from chatkit.cloud.plan.calls import (
    PlannedCall,
    all_calls,
    body_text,
    changes_something,
    with_names,
)
from chatkit.cloud.plan.rights import Right, right
from chatkit.cloud.provision import prices, tiers
from chatkit.core.errors import NotOffered
from chatkit.core.results import preformatted
from chatkit.core.settings import Names

OTHERS = "cells, checks and the doctor"
PEOPLE = 30
REGISTER = "/register"
NOT_TOLD = (
    "Not told: the tokens that az or azure-identity fetches before, what is asked until a long"
    " operation has ended, and what people and their pages send to the app and to the hub. Sections"
    " 09 and 10 need people there: you sign in yourself, on the page, and a run stops at 09."
)
FROM = (
    "From a whole tutorial on the local cloud, where a test compares it; it was never run against"
    " real Azure. There, answers may lead to other reads, and what is there already is not made."
)


@dataclass(frozen=True)
class Plan:
    """What some sections send, with the names of one home.

    `print` shows all of it; a cell that ends on it shows the sum.

    Attributes:
        names: Of the resources.
        titles: Of the sections, by their numbers.
        people: In a class.
        found: What Azure was asked for this plan, and what it said.

    Raises:
        NotOffered: There is no class of that size, or no instance takes so many people.
    """

    names: Names
    titles: dict[str, str]
    people: int = PEOPLE
    found: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if not isinstance(self.people, int) or self.people < 1:
            raise NotOffered(f"A class has 1 person or more, not {self.people}.")
        tiers.holding(self.people)

    @cached_property
    def templates(self) -> tuple[PlannedCall, ...]:
        """The calls, with `{...}` for names and addresses."""
        return tuple(call for call in all_calls() if call["section"] in self.titles)

    @property
    def calls(self) -> tuple[PlannedCall, ...]:
        """The calls in order, as these names make them."""
        return tuple(with_names(call, self.names) for call in self.templates)

    @property
    def rights(self) -> list[Right]:
        """What somebody needs for all of it, each once."""
        return list(dict.fromkeys(right(call) for call in self.templates))

    @property
    def providers(self) -> list[str]:
        """The resource providers that are registered."""
        urls = [call["url"] for call in self.templates if call["url"].endswith(REGISTER)]
        return list(dict.fromkeys(url.split("/")[-2] for url in urls))

    @property
    def minutes(self) -> float:
        """How long Azure takes, one operation after the other, as far as it is recorded."""
        return minutes.seconds(self.templates) / 60

    def __repr__(self) -> str:
        changing = sum(map(changes_something, self.templates))
        change = "changes" if changing == 1 else "change"
        return (
            f"{_counted(len(self.templates), 'call')} in {_counted(len(self.titles), 'section')},"
            f" {changing} of which {change} something; Azure takes about"
            f" {_counted(round(self.minutes), 'minute')} for them. Nothing was sent."
        )

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": preformatted(str(self))}

    def _lines(self) -> Iterator[str]:
        yield (
            repr(self)
            if not self.found
            else repr(self).replace(
                "Nothing was sent.", "Azure was asked, and nothing was changed."
            )
        )
        yield from _part("What Azure says now", self.found)
        yield from _part("Names", self._names())
        yield from _part("Resource providers that are registered", self.providers)
        yield from _part("Quota", self._quota())
        yield from _part("Who may do it", self._who())
        yield from _part("Cost", self._cost())
        yield from _part("Time", self._time())
        for section, calls in groupby(self.templates, lambda call: call["section"]):
            yield from _part(f"Section {section}, {self.titles[section]}", self._section([*calls]))
        yield from ("", NOT_TOLD, FROM)

    def _names(self) -> Iterator[str]:
        names = self.names
        yield f"region {names.region}"
        yield f"resource group {names.resource_group}"
        yield f"SignalR Service {names.signalr} (one name for all of Azure)"
        yield f"storage account {names.storage_account} (one name for all of Azure)"
        yield f"plan {names.plan}"
        yield f"function app {names.function_app} (one name for all of Azure)"
        yield f"app registration {names.function_app}"
        if "12" in self.titles:
            yield f"user-assigned identity {names.sign_in_identity} (section 12)"
        if "13" in self.titles:
            yield "section 13 makes a second chat, whose suffix ends on another sign"

    def _quota(self) -> Iterator[str]:
        if self._makes("signalr/chatkit-{suffix}"):
            yield (
                "1 free SignalR Service instance of those that the region gives this subscription:"
                f" {tiers.FREE.connections} connections, {tiers.FREE.messages:,} messages a day"
            )
        if self._makes("sites/chatkit-{suffix}-api"):
            yield "1 storage account, 1 plan on Flex Consumption with 1 app"

    def _makes(self, resource: str) -> bool:
        """Whether one of the calls creates a resource: the end of its address, in lower case."""
        return any(
            call["method"] == "PUT" and call["url"].lower().endswith(resource)
            for call in self.templates
        )

    def _who(self) -> Iterator[str]:
        yield (
            "Contributor of the subscription may do all of it but give roles (section 12) and"
            " register an application. The narrowest built-in roles:"
        )
        for role, rights in groupby(sorted(self.rights, key=str), lambda one: one.role):
            actions = dict.fromkeys(f"{one.action} {one.scope}".strip() for one in rights)
            yield f"{role}:"
            yield from (f"  {action}" for action in actions if action)

    def _cost(self) -> Iterator[str]:
        yield from map(str, money.costs(self.people))
        yield (
            f"counted with {money.CALLS_A_PERSON:,} calls of functions a person,"
            f" {prices.LEAST_S:g} s each at {prices.FUNCTION_GB:g} GB, and a whole free grant:"
        )
        yield from (f"  {price}" for price in prices.PRICES)

    def _time(self) -> Iterator[str]:
        for section, calls in groupby(self.templates, lambda call: call["section"]):
            taken = minutes.seconds(calls)
            if taken:
                yield f"section {section}: {taken / 60:.1f} minutes"
        sources = minutes.sources(self.templates)
        if sources:
            yield "one after the other; the kit makes what is independent at the same time:"
        yield from (f"  {line}" for line in sources)

    def _section(self, calls: list[PlannedCall]) -> Iterator[str]:
        for step, steps in groupby(calls, lambda call: call["step"]):
            yield step or OTHERS
            for template in steps:
                call = with_names(template, self.names)
                version = f"?api-version={call['api_version']}" if call["api_version"] else ""
                yield f"  {call['method']} {call['url']}{version}"
                body = body_text(call)
                if body:
                    yield f"    {body}"
                yield f"    needs {right(template)}"


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _part(title: str, lines: object) -> Iterator[str]:
    """A title and its lines; nothing without lines."""
    found = list(lines)  # type: ignore[call-overload]
    if found:
        yield ""
        yield title
        yield from (f"  {line}" for line in found)
