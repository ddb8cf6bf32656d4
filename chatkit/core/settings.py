"""Names, region, target and what is known so far, in `settings.json` of the kit's home.

Names are chosen once: most are shared by all of Azure, so they carry a random suffix.
"""

from __future__ import annotations

import json
import os
import secrets
import string
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from chatkit.core.errors import SetupError
from chatkit.core.files import write_private

Target = Literal["local", "azure"]
TARGETS: tuple[Target, ...] = ("local", "azure")
HUB = "chat"
REGION = "eastus2"
SUFFIX_LENGTH = 6


@dataclass(frozen=True)
class Known:
    """What one target is known to have. Empty texts are not known.

    Attributes:
        completed: Sections whose check passed, in order.
        authentication: "on" when sign-in is required, "off" when it was looked at and is not.
        client_id: Application id of the app registration that sign-in uses.
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
    """

    target: Target = "local"
    suffix: str = ""
    region: str = REGION
    known: dict[str, Known] = field(default_factory=dict)

    @property
    def resource_group(self) -> str:
        """Name of the group that holds everything; deleting it is the clean-up."""
        return f"chatkit-{self.suffix}"

    @property
    def signalr(self) -> str:
        """Name of the SignalR Service instance."""
        return f"chatkit-{self.suffix}"

    @property
    def storage_account(self) -> str:
        """Name of the storage account: lower-case letters and digits only."""
        return f"chatkit{self.suffix}"

    @property
    def function_app(self) -> str:
        """Name of the function app."""
        return f"chatkit-{self.suffix}-api"

    @property
    def plan(self) -> str:
        """Name of the function app's plan."""
        return f"chatkit-{self.suffix}-plan"

    @property
    def facts(self) -> Known:
        """What is known about the current target."""
        return self.known.get(self.target, Known())

    def learned(self, **facts: Any) -> Settings:
        """Return settings that know more (or, with empty texts, less) about the current target."""
        return replace(self, known={**self.known, self.target: replace(self.facts, **facts)})

    def with_section(self, section: str) -> Settings:
        """Return settings in which a section is completed."""
        return self.learned(completed=tuple(sorted({*self.facts.completed, section})))


def home() -> Path:
    """The kit's folder: `CHATKIT_HOME`, else `.chatkit` in the checkout."""
    override = os.environ.get("CHATKIT_HOME")
    return Path(override).expanduser().resolve() if override else checkout() / ".chatkit"


def checkout() -> Path:
    """The folder that holds notebooks and package; the current folder when the package is installed elsewhere."""
    folder = Path(__file__).resolve().parents[2]
    return folder if (folder / "pyproject.toml").exists() else Path.cwd()


def chat_folder() -> Path:
    """The learner's app: `my-chat` in the checkout, or in `CHATKIT_HOME` when that is set."""
    return (home() if os.environ.get("CHATKIT_HOME") else checkout()) / "my-chat"


def load(folder: Path) -> Settings:
    """Read the settings of a home; new ones, with a new suffix, when there are none.

    Raises:
        SetupError: The file is not what this kit wrote.
    """
    path = folder / "settings.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        known = {
            name: Known(**{**facts, "completed": tuple(facts["completed"])})
            for name, facts in raw["known"].items()
        }
        return Settings(
            checked_target(raw["target"]), checked_suffix(raw["suffix"]), str(raw["region"]), known
        )
    except FileNotFoundError:
        return Settings(suffix=new_suffix())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SetupError(
            f"{path} cannot be read ({type(error).__name__}).",
            hint="It holds the names of your resources: repair it, or delete it to start with new names.",
        ) from error


def save(folder: Path, settings: Settings) -> None:
    """Write the settings of a home, atomically."""
    write_private(folder / "settings.json", json.dumps(asdict(settings), indent=1))


def new_suffix() -> str:
    """Choose a suffix: a letter, then letters and digits."""
    letters = string.ascii_lowercase
    return secrets.choice(letters) + "".join(
        secrets.choice(letters + string.digits) for _ in range(SUFFIX_LENGTH - 1)
    )


def checked_target(value: str) -> Target:
    """Return the value as a target.

    Raises:
        SetupError: It is neither local nor azure.
    """
    if value not in TARGETS:
        raise SetupError(f"There is no target {value!r}.", hint="Targets are local and azure.")
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
