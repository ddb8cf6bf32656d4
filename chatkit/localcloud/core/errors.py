"""The root of the errors of the local cloud's services; `chatkit.core.errors` draws the tree.

Each service has its codes and sentences in its own `errors` module, and renders an error once, at
its edge, in the format of its service.
"""

from __future__ import annotations

from chatkit.core.errors import ChatkitError


class LocalCloudError(ChatkitError):
    """A service of the local cloud refuses a request, or cannot serve it.

    Attributes:
        status: HTTP status of the answer.
        code: The service's own error code; may be empty.
    """

    def __init__(self, message: str, *, status: int = 500, code: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
