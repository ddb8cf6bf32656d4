"""The errors chatkit raises.

Azure SDK exceptions are never wrapped: they reach the learner as they are, with a hint added.

ChatkitError
    SetupError               environment, port, login, disk
        NoSuchChoice         a section, a target that is not there
        NotOffered           a size that Azure does not have
        NoSuchVerb           the workshop has no verb of that name
        NotStarted           the local cloud (or a server of the lesson) is not running
            NotAnswering     the local cloud runs, and answers nobody
        PortInUse            another program holds the port
        PersonNeeded         somebody has to sign in first
        SignInEnded          without a token: nobody is signed in
        HomeUnusable         a file of the home belongs to somebody else, or takes no writes
            HomeDamaged      it does not hold what the kit has written
            HomeTooNew       a newer version of the kit has written it
        AppFileDamaged       a file of the learner's app cannot be read as what it is
        NotWritten           the disk is full, or takes no writes
        NoJoinCode           what somebody typed cannot be the join code of a class
    UnknownUser              nobody of that name is in the panel
    LocalProtocolError       you asked for something the protocol does not allow
    RemoteProtocolError      the peer sent something the protocol does not allow
        HandshakeRefused     a client asks a SignalR connection for what it cannot do
    ConnectionClosed         a chat connection ended
    CheckFailed              a section's check found something else than it should
    ServiceError             a service answered with an error
    CarriedRunEnded          functions that the local cloud runs for a workshop ended by themselves
    NotebookFailed           a cell of a notebook failed
    LocalCloudError          a service of the local cloud refuses a request
        EntraError           the authority
        GraphError           Microsoft Graph
        TokenRejected        a bearer token does not count
        NoToken              a managed identity gets none
        EasyAuthError        App Service Authentication
            SessionRejected  a session's token is not good
            NotAdmitted      somebody is known whom the site's policy keeps out
            ForgedRequest    a foreign page uses a person's cookie
            SignInFailed     the identity provider signs nobody in
                ProviderUnreachable
        SignalRError         Azure SignalR Service
            NotFound
            BadRequest
            Unauthorized
                _KeyNotFound no key of the tenant has signed a token
            Forbidden        a token's principal has no role for it
            QuotaExceeded
        StorageError         Azure Storage
        ConnectionInvalid    a setting that names a storage account
        StorageUnavailable   a storage account cannot be reached, or refuses
        HostError            the Functions host
            AppInvalid       host.json, local.settings.json, a route, a binding
            BindingFailed    the bindings of one invocation
            AnswerInvalid    what a function returned is no HTTP answer
            HostUnavailable  the app is not running
        PackageRejected      a zip that must not be deployed
        DeploymentRunning    another deployment has not finished
        ArmError             Resource Manager
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path


class ChatkitError(Exception):
    """Base of every error chatkit raises.

    Args:
        message: What happened, as one sentence.
        why: The reason, where the message does not say it; may be empty.
        hint: What to type or do next; may be empty.
    """

    exit_code = 1  # of a command that ends with it

    def __init__(self, message: str, *, why: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.why = why
        self.hint = hint

    def __str__(self) -> str:
        why = self.why
        if why and not why.endswith((".", "!", "?")):
            why = f"{why}."
        return " ".join(part for part in (self.message, why, self.hint) if part)

    def explain(self, message: str, *, why: str, hint: str) -> None:
        """Say what is behind the error, once that is known. It stays the error that it is."""
        self.message = message
        self.why = why
        self.hint = hint


class SetupError(ChatkitError):
    """The environment is not ready: a port, a file, a login, a missing tool."""


class NoSuchChoice(SetupError):
    """What was asked for does not exist; the error names the nearest thing that does.

    Args:
        kind: What it should be: "section", "target".
        wanted: What was asked for.
        choices: All there are, in order.
    """

    exit_code = 2

    def __init__(self, kind: str, wanted: str, choices: Sequence[str]) -> None:
        near = nearest(wanted, choices)
        nearest_one = f"; the nearest is {near}" if near else ""
        hint = f"{kind.capitalize()}s are {', '.join(choices)}{nearest_one}."
        super().__init__(f"There is no {kind} {wanted or 'without a name'}.", hint=hint)


class NotOffered(SetupError):
    """A size that Azure does not have; the hint says which there are."""

    exit_code = 2


class NoSuchVerb(SetupError, AttributeError):
    """An object has no attribute of that name; the error names the nearest.

    Args:
        owner: What the object is called in a cell.
        wanted: The name.
        choices: Those there are, with `()` behind those that are called.
    """

    def __init__(self, owner: str, wanted: str, choices: Sequence[str]) -> None:
        names = {choice.removesuffix("()"): choice for choice in choices}
        words = set(wanted.lower().split("_"))
        alike = [name for name in names if words.intersection(name.split("_"))]
        near = nearest(wanted, alike) or nearest(wanted, [*names])
        hint = f"Press Tab behind `{owner}.` for all there are."
        if near:
            hint = f"{owner}.{names[near]} is the nearest."
        super().__init__(f"The {owner} has no '{wanted}'.", hint=hint)


def nearest(wanted: str, choices: Sequence[str]) -> str:
    """The choice that somebody may have meant, empty where none is near."""
    numbers = [choice for choice in choices if choice.isdecimal()]
    given = re.search(r"[0-9]+", wanted)
    if numbers and given:
        near = [min(numbers, key=lambda number: abs(int(number) - int(given[0])))]
    else:
        near = get_close_matches(wanted.lower(), choices, n=1)
    return near[0] if near else ""


class NotStarted(SetupError):
    """Something that has to run is not running."""


class NotAnswering(NotStarted):
    """The local cloud runs and answers nobody; another one cannot start in its place."""


class PortInUse(SetupError):
    """Another program listens on the port.

    The exit code tells a program of the kit that started a command to try another port.
    """

    exit_code = 3

    def __init__(
        self, port: int, *, wanted_for: str, holder: str = "another program", hint: str = ""
    ) -> None:
        super().__init__(f"Port {port} is taken by {holder}; {wanted_for} needs it.", hint=hint)
        self.port = port
        self.wanted_for = wanted_for

    def with_holder(self, holder: str, *, hint: str = "") -> PortInUse:
        """Return the same error with the program that has the port, and what to do about it."""
        return PortInUse(
            self.port, wanted_for=self.wanted_for, holder=holder, hint=hint or self.hint
        )


WAYS_ON = (
    "`chatkit local repair` mends what can be mended;"
    " `chatkit local reset --keep-app` begins anew and keeps your app and notebooks."
)


class HomeUnusable(SetupError):
    """The kit cannot use a file of the home. It has changed nothing and begun nothing anew.

    Args:
        path: The file or folder.
        why: The rest of the sentence that begins with it.
    """

    def __init__(self, path: Path, why: str, *, hint: str = WAYS_ON) -> None:
        super().__init__(f"{path} {why}.", hint=hint)
        self.path = path


class HomeDamaged(HomeUnusable):
    """A file of the home does not hold what the kit has written."""

    def __init__(self, path: Path, why: str, *, hint: str = WAYS_ON) -> None:
        super().__init__(path, f"is damaged: {why}", hint=hint)


class HomeTooNew(HomeUnusable):
    """A newer version of the kit has written the home: this one would lose what it does not know.

    Args:
        path: The file that says so.
        found: The number of the home's form.
        known: The newest one that this version knows.
    """

    def __init__(self, path: Path, found: int, *, known: int) -> None:
        super().__init__(
            path,
            f"was written by a newer chatkit (form {found} of a home; this version knows {known})",
            hint="Update chatkit, or set CHATKIT_HOME to another folder.",
        )


class AppFileDamaged(SetupError):
    """A file of the learner's app cannot be read as what it is. It stays as it is.

    Args:
        path: The file.
        why: The rest of the sentence that begins with it.
        again: What writes the file once more, as the object of "that writes it"; by default the
            cell of a notebook that does.
        repair: What mends the file that is there.
    """

    def __init__(self, path: Path, why: str, *, again: str = "", repair: str = "Repair it") -> None:
        name = f"{path.parent.name}/{path.name}"
        again = again or (
            f"run the notebook's cell `%%chatfile {name}` once more, or type `chatkit catch-up`"
        )
        hint = f"{repair}; or {again}: what is there now is kept beside."
        super().__init__(f"{path} is damaged: {why}.", hint=hint)
        self.path = path


class NotWritten(SetupError):
    """A file cannot be written. What it held before is still there.

    Attributes:
        is_full: There is no space left; otherwise the disk takes no writes at all.
    """

    def __init__(self, message: str, *, hint: str = "", is_full: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.is_full = is_full


class NoJoinCode(SetupError):
    """What somebody typed cannot be the join code of a class; the error does not repeat it."""


class UnknownUser(ChatkitError):
    """A panel shows nobody of that name."""


class LocalProtocolError(ChatkitError):
    """This side asked for something the protocol does not allow in this state."""


class RemoteProtocolError(ChatkitError):
    """The peer sent something the protocol does not allow."""


class ConnectionClosed(ChatkitError):
    """A connection ended.

    Args:
        code: WebSocket close code, 1006 when the transport vanished without one.
        reason: The peer's words, may be empty.
        who: "us", "peer" or "network".
    """

    def __init__(self, code: int, reason: str = "", *, who: str = "peer") -> None:
        why = f"code {code}: {reason}" if reason else f"code {code}"
        super().__init__(f"The connection was closed by {who} ({why}).")
        self.code = code
        self.reason = reason
        self.who = who


class CheckFailed(ChatkitError):
    """A section's check found something else than it should.

    Args:
        what: What was looked at.
        expected: What it should be.
        got: What it is.
        hint: What to type or do next.
    """

    def __init__(self, what: str, *, expected: str, got: str, hint: str) -> None:
        super().__init__(f"{what}: expected {expected}, got {got}.", hint=hint)
        self.what = what
        self.expected = expected
        self.got = got


class ServiceError(ChatkitError):
    """A service answered with an error.

    Args:
        status: HTTP status code.
        code: The service's own error code, for example "ResourceNotFound".
        message: The service's own sentence.
    """

    def __init__(self, status: int, code: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
