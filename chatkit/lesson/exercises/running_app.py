"""The learner's app while it is graded: asking it, and what it says about itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatkit.cloud.app_log.failures import FunctionFailure, failures
from chatkit.core.disk.tail import read_tail
from chatkit.core.errors import CheckFailed
from chatkit.lesson.checks.core.evidence import expect
from chatkit.lesson.exercises.failing import LOOK_BACK, failed
from chatkit.lesson.http import Answer, fetch, masked

ANSWER_LIMIT_S = 4.0
LONGEST = 300
# In it App Service tells an app who is signed in.
NAME_HEADER = "x-ms-client-principal-name"


@dataclass(frozen=True)
class RunningApp:
    """An app that runs.

    Attributes:
        url: Its address, `http://localhost:PORT`.
        folder: Its files.
        log: What it and its host write.
    """

    url: str
    folder: Path
    log: Path

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        status: int = 0,
        hint: str = LOOK_BACK,
    ) -> Answer:
        """Ask a function.

        Args:
            method: "GET" or "POST".
            path: From `/api` on.
            body: Sent as JSON.
            headers: Sent as they are.
            status: The one that is asked for; 0 for any from 200 to 299.
            hint: What helps when it answers another one.

        Raises:
            CheckFailed: The function failed, is not there, or answers another status.
        """
        asked = f"{method} {path}"
        answer = fetch(
            method, self.url + path, body=body, headers=headers, timeout_s=ANSWER_LIMIT_S
        )
        expect(
            answer.status,
            f"{asked} does not end",
            expected=f"an answer within {ANSWER_LIMIT_S:.0f} seconds",
            got="none",
            hint="Does a loop in the function go on for ever, or does it wait for something?",
        )
        if answer.status >= 500:
            raise self._failure(asked, answer)
        if answer.status == 404 and asked.partition("?")[0] not in self._routes():
            raise CheckFailed(
                f"Nothing answers {asked}",
                expected="a function with this route and method",
                got=", ".join(self._routes()) or "none",
                hint="Leave the decorators with the route as they were in the cell.",
            )
        is_wanted = answer.status == status if status else 200 <= answer.status < 300
        expect(
            is_wanted,
            f"{asked} answers another status",
            expected=str(status or "200 to 299"),
            got=answer,
            hint=hint,
        )
        return answer

    async def ask_beside(self, path: str, body: object, **more: Any) -> Answer:
        """POST to a function while clients listen."""
        return await asyncio.to_thread(self.ask, "POST", path, body=body, **more)

    def hubs(self, kind: str) -> list[str]:
        """Names of the hubs in the bindings of a type, as the host has got them."""
        return [str(binding.get("hubName")) for binding in self._bindings(kind)]

    def _routes(self) -> list[str]:
        return [
            f"{method} /api/{trigger.get('route')}"
            for trigger in self._bindings("httpTrigger")
            for method in trigger.get("methods") or ("GET", "POST")
        ]

    def _bindings(self, kind: str) -> list[Mapping[str, Any]]:
        listed = fetch("GET", f"{self.url}/admin/functions", timeout_s=ANSWER_LIMIT_S).json()
        return [
            binding
            for function in listed or []
            for binding in function["config"]["bindings"]
            if binding.get("type") == kind
        ]

    def _failure(self, asked: str, answer: Answer) -> CheckFailed:
        known: list[FunctionFailure] = failures(read_tail(self.log).text, self.folder)
        if known:
            return failed(known[-1])
        return CheckFailed(
            f"{asked} answers with an error of the server",
            expected="200",
            got=f"{answer.status} {masked(answer.text.strip())[:LONGEST]}".strip(),
            hint=LOOK_BACK,
        )
