"""Names, region, target and what is known so far, in `settings.json` of the kit's home.

Names are chosen once: most are shared by all of Azure, so they carry a random suffix.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import string
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal, TypedDict, Unpack, cast

from chatkit.core.errors import HomeDamaged, HomeTooNew, HomeUnusable, NoSuchChoice, SetupError
from chatkit.core.files import private_folder, typed, write_private
from chatkit.core.strict_json import read_numbered

Target = Literal["local", "azure"]
TARGETS: tuple[Target, ...] = ("local", "azure")
HUB = "chat"
# The service's REST API takes ` , . [ ] in it, too, which no URL, file or shell likes.
HUB_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,127}")
REGION = "eastus2"
SUFFIX_LENGTH = 6
FILE = "settings.json"
SCHEMA = 2
"""The form of the file that this version writes. 1 is that of 0.1.0, which wrote no number."""
LAID_OUT = Path("notebooks", "kit.json")
"""In a folder that `chatkit new` has laid out: of which version it is, and what is the kit's."""
HOLDS = "it holds the names of your resources"
WRITTEN_LATER = ("timings.json", "chatfiles.json", "steps.json")
"""Records that are begun in a home which has settings."""


@dataclass(frozen=True)
class Names:
    """What the resources of one chat room are called, and where they are.

    Attributes:
        resource_group: The group that holds everything; deleting it is the clean-up.
        signalr: The SignalR Service instance.
        storage_account: The storage account; lower-case letters and digits only.
        function_app: The function app.
        plan: The function app's plan.
        region: Azure region of every resource.
        hub: The hub that people chat in.
        shared: The class whose SignalR Service instance it is; empty for one of one's own.
    """

    resource_group: str
    signalr: str
    storage_account: str
    function_app: str
    plan: str
    region: str = REGION
    hub: str = HUB
    shared: str = ""

    @classmethod
    def of(cls, suffix: str, *, region: str = REGION, hub: str = HUB, shared: str = "") -> Names:
        """Make the names that a suffix stands for."""
        return cls(
            resource_group=f"chatkit-{suffix}",
            signalr=f"chatkit-class-{shared}" if shared else f"chatkit-{suffix}",
            storage_account=f"chatkit{suffix}",
            function_app=f"chatkit-{suffix}-api",
            plan=f"chatkit-{suffix}-plan",
            region=region,
            hub=hub,
            shared=shared,
        )

    @property
    def signalr_group(self) -> str:
        """The group of the SignalR Service instance: a shared one is in a group of its class."""
        return self.signalr if self.shared else self.resource_group

    @property
    def sign_in_identity(self) -> str:
        """The user-assigned identity that proves the app to Entra ID when people sign in."""
        return f"{self.function_app}-sign-in"


class Facts(TypedDict, total=False):
    """What a step found out; an empty text forgets."""

    resource_group: str
    signalr: str
    storage_account: str
    function_app: str
    api_base_url: str
    web_url: str
    authentication: str
    client_id: str
    published: str
    completed: tuple[str, ...]


@dataclass(frozen=True)
class Known:
    """What one target is known to have. Empty texts are not known.

    Attributes:
        completed: Sections whose check passed, in order.
        authentication: "on" when sign-in is required, "off" when it was looked at and is not.
        client_id: Application id of the app registration that the kit has made for sign-in.
        published: Digest of the package that was published last, and the id of its deployment.
    """

    resource_group: str = ""
    signalr: str = ""
    storage_account: str = ""
    function_app: str = ""
    api_base_url: str = ""
    web_url: str = ""
    authentication: str = ""
    client_id: str = ""
    published: str = ""
    completed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """Everything a workshop remembers.

    Attributes:
        suffix: Six lower-case letters and digits, the first a letter.
        region: Azure region of every resource.
        known: Facts of each target.
        hub: Name of the hub that people chat in; the file has it only when it is not "chat".
        shared: The class whose SignalR Service instance is used; the file has it only then.
        course: The one of this home, from when something is begun in it; empty for the tutorial.
    """

    target: Target = "local"
    suffix: str = ""
    region: str = REGION
    known: dict[str, Known] = field(default_factory=dict)
    hub: str = HUB
    shared: str = ""
    course: str = ""

    @property
    def names(self) -> Names:
        """Names of every resource."""
        return Names.of(self.suffix, region=self.region, hub=self.hub, shared=self.shared)

    # Cells read names from here: they are part of what notebooks rely on.

    @property
    def resource_group(self) -> str:
        """Name of the group that holds everything."""
        return self.names.resource_group

    @property
    def signalr(self) -> str:
        """Name of the SignalR Service instance."""
        return self.names.signalr

    @property
    def storage_account(self) -> str:
        """Name of the storage account."""
        return self.names.storage_account

    @property
    def function_app(self) -> str:
        """Name of the function app."""
        return self.names.function_app

    @property
    def plan(self) -> str:
        """Name of the function app's plan."""
        return self.names.plan

    @property
    def facts(self) -> Known:
        """What is known about the current target."""
        return self.known.get(self.target, Known())

    def learned(self, **facts: Unpack[Facts]) -> Settings:
        """Return settings that know more about the current target, less with empty texts."""
        return self._with(replace(self.facts, **facts))

    def forgotten(self) -> Settings:
        """Return settings that know of the current target only which sections are completed."""
        return self._with(Known(completed=self.facts.completed))

    def with_section(self, section: str) -> Settings:
        """Return settings in which a section is completed."""
        return self.learned(completed=tuple(sorted({*self.facts.completed, section})))

    def _with(self, facts: Known) -> Settings:
        return replace(self, known={**self.known, self.target: facts})

    def wanted(self, *, target: str | None, suffix: str | None, region: str | None) -> Settings:
        """Return the settings that somebody asks for, else those that the environment asks for.

        Raises:
            SetupError: There is no such target, or names would change while resources exist.
        """
        environment = os.environ
        target = target or environment.get("CHATKIT_TARGET") or self.target
        suffix = suffix or environment.get("CHATKIT_SUFFIX") or self.suffix
        region = region or environment.get("CHATKIT_REGION") or self.region
        moved = (suffix, region) != (self.suffix, self.region)
        if moved and any(facts.resource_group for facts in self.known.values()):
            raise SetupError(
                "Names and region stay while resources exist.", hint="workshop.clean_up() first."
            )
        return replace(
            self, target=checked_target(target), suffix=checked_suffix(suffix), region=region
        )


def home() -> Path:
    """Where the kit keeps what it knows: `CHATKIT_HOME`, else `.chatkit` of the folder that
    `chatkit new` has laid out around the current one, else `.chatkit` in the checkout.

    Of a package that was installed, and of a checkout in which this user cannot write, it is
    `~/chatkit/.chatkit`.
    """
    override = os.environ.get("CHATKIT_HOME")
    if override:
        return Path(os.path.realpath(typed(override)))
    is_checkout = (checkout() / "pyproject.toml").exists()
    # 0.2.0, installed as a package, began a home in the current folder.
    begun = _begun_above(LAID_OUT, *(() if is_checkout else (Path(".chatkit", FILE),)))
    if begun:
        return begun / ".chatkit"
    own = checkout() / ".chatkit"
    if is_checkout and _is_for_this_user(own):
        return own
    return Path.home() / "chatkit" / ".chatkit"


def checkout() -> Path:
    """The folder that holds the package; in a checkout it holds the notebooks, too."""
    return Path(__file__).resolve().parents[2]


def kit() -> Path:
    """What is only read: the folders `notebooks`, `functions` and `content`.

    They are in the checkout, or among the package's data.
    """
    data = checkout() / "chatkit" / "kit"
    return data if data.is_dir() else checkout()


def cells_folder() -> Path:
    """Where cells run that a verb runs: a kernel finds its home from there. It is made."""
    if kit() == checkout() and not (home().parent / LAID_OUT).is_file():
        return kit() / "notebooks"
    private_folder(home())
    return home().parent


def chat_folder() -> Path:
    """The learner's work: `my-chat` beside the home, or in `CHATKIT_HOME` when that is set."""
    if os.environ.get("CHATKIT_HOME"):
        return home() / "my-chat"
    return home().parent / "my-chat"


def _is_for_this_user(folder: Path) -> bool:
    """Whether this user has a folder, or can make it.

    What lies in one's own checkout counts even where it takes no writes: it needs mending, and
    another home would begin another chat.
    """
    if folder.exists():
        return _is_mine(folder) or _is_mine(folder.parent)
    return os.access(folder.parent, os.W_OK | os.X_OK)


def _begun_above(*marks: Path) -> Path | None:
    """The folder, this one or one above, that has one of the marks, made by this user.

    A kernel runs in a folder below. What lies around a checkout is not looked at.
    """
    with suppress(OSError):  # the current folder may be gone
        for folder in (Path.cwd(), *Path.cwd().parents):
            if folder == checkout():
                break
            known = [folder / mark for mark in marks if (folder / mark).is_file()]
            if known and _is_mine(known[0]):
                return folder
    return None


def _is_mine(path: Path) -> bool:
    return not hasattr(os, "getuid") or path.stat().st_uid == os.getuid()


def load(folder: Path) -> Settings:
    """Read the settings of a home; new ones, with a new suffix, when there never were any.

    Raises:
        HomeDamaged: The file is not what the kit wrote, or it is gone.
        HomeTooNew: A newer version wrote it.
    """
    path = folder / FILE
    try:
        raw = read_numbered(path, known=SCHEMA)
        known = {str(name): _known(facts) for name, facts in raw["known"].items()}
        return Settings(
            target=checked_target(raw["target"]),
            suffix=checked_suffix(raw["suffix"]),
            region=str(raw["region"]),
            known=known,
            hub=checked_hub(raw.get("hub", HUB)),
            shared=raw.get("shared", "") and checked_suffix(raw["shared"]),
            course=str(raw.get("course", "")),
        )
    except FileNotFoundError as error:
        if any((folder / name).exists() for name in WRITTEN_LATER):
            raise gone(folder) from error
        return Settings(suffix=new_suffix())
    except HomeTooNew:
        raise
    except OSError as error:
        raise HomeUnusable(path, f"cannot be read ({error.strerror})") from error
    except SetupError as error:
        raise HomeDamaged(path, f"{error.message.rstrip('.')}, and {HOLDS}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise HomeDamaged(path, f"it is not as the kit writes it, and {HOLDS}") from error


def gone(folder: Path) -> HomeDamaged:
    """The refusal to choose new names in a home that had some."""
    return HomeDamaged(folder / FILE, f"it is gone, and {HOLDS}")


def _known(facts: dict[str, object]) -> Known:
    completed = facts["completed"]
    texts = {name: value for name, value in facts.items() if name != "completed"}
    if not isinstance(completed, list) or not all(
        isinstance(value, str) for value in (*texts.values(), *completed)
    ):
        raise TypeError("facts are texts")
    return Known(**cast(Facts, {**texts, "completed": tuple(completed)}))


def save(folder: Path, settings: Settings) -> None:
    """Write the settings of a home, atomically."""
    usual = {"hub": HUB, "shared": "", "course": ""}
    told = {name: one for name, one in asdict(settings).items() if usual.get(name) != one}
    write_private(folder / FILE, json.dumps({"schema": SCHEMA, **told}, indent=1))


def new_suffix() -> str:
    """Choose a suffix: a letter, then letters and digits."""
    letters = string.ascii_lowercase
    return secrets.choice(letters) + "".join(
        secrets.choice(letters + string.digits) for _ in range(SUFFIX_LENGTH - 1)
    )


def checked_target(value: str) -> Target:
    """Return the value as a target.

    Raises:
        NoSuchChoice: It is neither local nor azure.
    """
    if value not in TARGETS:
        raise NoSuchChoice("target", value, TARGETS)
    return value


def checked_suffix(value: str) -> str:
    """Return the value as a suffix of names.

    Raises:
        SetupError: Names with it would break Azure's rules.
    """
    good = 2 <= len(value) <= 12 and value.isascii() and value.isalnum() and value == value.lower()
    if not good:
        raise SetupError(
            f"The suffix {value!r} does not fit into Azure's names.",
            hint="Use 2 to 12 lower-case letters and digits.",
        )
    return value


def checked_hub(value: str) -> str:
    """Return the value as the name of a hub.

    Raises:
        SetupError: Azure SignalR Service takes no hub of this name.
    """
    if not HUB_NAME.fullmatch(value):
        raise SetupError(
            f"The hub {value!r} does not fit into Azure's names.",
            hint="Use a letter, then letters, digits or underscores.",
        )
    return value
