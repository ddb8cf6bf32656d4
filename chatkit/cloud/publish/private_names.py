"""Names that say that a file is not for others: keys, credentials, settings, what tools leave.

Names are compared as the most forgiving file system compares them: in any case, in any of Unicode's
compatible forms, and without dots and spaces at their end, which Windows ignores.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

WELL_KNOWN = ".well-known"  # RFC 8615: the one folder with a dot that a website is asked for
# What tools leave in a folder. Nobody misses it elsewhere.
LEFTOVERS = {
    *("__pycache__", ".ipynb_checkpoints", ".venv", "venv", "node_modules", ".python_packages"),
    *(".pytest_cache", ".mypy_cache", ".ruff_cache", ".vscode", ".idea", ".vs", ".hg", ".svn"),
    *(".ds_store", "thumbs.db", "desktop.ini", ".funcignore", ".pageignore", "project.lock.json"),
}
LEFTOVER_PREFIXES = (".git", "._", ".~lock.")
LEFTOVER_SUFFIXES = (".pyc", ".pyo", ".ipynb")
KEPT_VERSION = re.compile(r"\.before-[0-9]")  # what `%%chatfile` keeps beside
# Settings of this machine, which nothing else ever needs.
SETTINGS_PREFIXES = (".env", "local.settings.json")
KEY_SUFFIXES = {
    *(".pem", ".key", ".pfx", ".p12", ".pkcs12", ".p8", ".ppk", ".jks", ".jceks", ".bks"),
    *(".keystore", ".keytab", ".kdbx", ".kdb", ".gpg", ".pgp", ".age", ".ovpn", ".rdp"),
    *(".env", ".publishsettings", ".azureauth", ".tfstate", ".tfvars", ".htpasswd", ".netrc"),
    *(".secret", ".secrets", ".credentials", ".token"),
}
KEY_PREFIXES = ("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519")
KEY_NAMES = {
    *("netrc", "_netrc", "htpasswd", "pgpass.conf", "authorized_keys", "known_hosts"),
    *("wallet.dat", "clouds.config"),
}
COPY_SUFFIXES = {".bak", ".backup", ".old", ".orig", ".save", ".swp", ".tmp", ".copy"}
# Secrets are kept as data. An app may well have a module `credentials.py`, a page `password.html`.
DATA_SUFFIXES = {
    *("", ".json", ".json5", ".jsonc", ".jsonl", ".ndjson", ".yaml", ".yml", ".toml", ".ini"),
    *(".cfg", ".conf", ".config", ".properties", ".csv", ".tsv", ".xml", ".plist", ".txt", ".log"),
    *(".rtf", ".docx", ".doc", ".odt", ".xlsx", ".xls", ".ods", ".db", ".sqlite", ".sqlite3"),
    *(".bin", ".dat", ".zip", ".tar", ".gz", ".7z", ".rar"),
}
PROSE_SUFFIXES = {".md", ".rst", ".pdf"}

# Words of a name. A file with one of these is private, whatever else its name says.
SURELY_PRIVATE = (
    *("passwords", "passwds?", "passphrases?", "credentials?", "creds?", "client-?secrets?"),
    *("service-?accounts?", "service-?principals?", "connection-?strings?", "conn-?strings?"),
    *("access-?keys?", "account-?keys?", "storage-?keys?", "api-?keys?", "root-?keys?"),
    *("private-?keys?", "secret-?keys?", "master-?keys?", "host-?keys?", "function-?keys?"),
    *("ssh-?keys?", "access-?tokens?", "refresh-?tokens?", "auth-?tokens?", "token-?cache"),
    *("msal-?http-?cache", "azure-?profile", "publish-?profile", "publish-?settings"),
    *("kube-?config", "app-?settings", "local-settings", "recovery-?codes", "cookie-?jar"),
    *("passwort", "passwörter", "kennwort", "kennwörter", "zugangsdaten", "mots?-de-passe"),
    *("contraseñas?", "senhas?", "bitwarden", "lastpass", "keepass", "firebase-?admin-?sdk"),
    r"(?:azure|aws|amazon|gcp|google|openai|stripe|signalr|sas|signing|encryption)-?keys?",
    r"(?:my|db|sql|user|admin|root|wifi)(?:passwords?|secrets?|tokens?)",
)
# A file that is called by one of these alone is private. With other words it is about them:
# `password-reset.json`, `cookies-notice.txt`.
PRIVATE_ALONE = ("passwords?", "pwds?", "secrets?", "tokens?", "cookies?", "logins")
# Words that only say which one, whose, or since when.
QUALIFYING = (
    "my our your the all new old latest current real full final prod production dev develop "
    "development test testing staging stage local live remote backup bak copy export exported "
    "saved save dump list file data info temp tmp generated user users admin root default app "
    "web site website page chat chatkit server client cloud azure az aws amazon gcp google "
    "github gitlab openai signalr storage function functions func entra msal auth oauth db "
    "database sql redis sas pat ssh gpg wifi email mail browser firefox chrome session work "
    "company team personal private secret alice bob id v"
)
QUALIFIERS = frozenset(QUALIFYING.split())
SAMPLES = frozenset(("example", "examples", "sample", "samples", "template", "schema"))
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
WORD = re.compile(r"[^\W\d_]+|[0-9]+")


def _phrases(*phrases: str) -> str:
    """Finds one of them among words with hyphens between them."""
    return rf"(?<![^-])(?:{'|'.join(phrases)})(?![^-])"


SURELY = re.compile(_phrases(*SURELY_PRIVATE))
ALONE = re.compile(_phrases(*SURELY_PRIVATE, *PRIVATE_ALONE))
FOLDER = re.compile(_phrases(*SURELY_PRIVATE, "secrets"))


def is_leftover(path: PurePosixPath) -> bool:
    """Whether a tool has left the file, or a folder that it is in."""
    return any(_is_leftover(plain(part)) for part in path.parts)


def is_machine_setting(path: PurePosixPath) -> bool:
    """Whether the file holds settings of this machine."""
    return any(plain(part).startswith(SETTINGS_PREFIXES) for part in path.parts)


def private_part(path: PurePosixPath) -> PurePosixPath | None:
    """The first part of a path that says that it is private, with what is above it."""
    for depth, part in enumerate(path.parts[:-1], start=1):
        if plain(part).startswith(".") and part != WELL_KNOWN:
            return PurePosixPath(*path.parts[:depth])
    name = path.name
    if _is_key(plain(name)) or _is_called_private(name) or _is_kept_with_secrets(path):
        return path
    return None


def plain(name: str) -> str:
    """A name as it is compared."""
    return unicodedata.normalize("NFKC", name).casefold().rstrip(". \t\u200b")


def _is_leftover(name: str) -> bool:
    return (
        name in LEFTOVERS
        or name.startswith(LEFTOVER_PREFIXES)
        or name.endswith(LEFTOVER_SUFFIXES)
        or KEPT_VERSION.search(name) is not None
    )


def _is_key(name: str) -> bool:
    original = _without_copy_suffix(name)
    return (
        name.startswith((".", *KEY_PREFIXES))
        or original in KEY_NAMES
        or PurePosixPath(original).suffix in KEY_SUFFIXES
    )


def _is_called_private(name: str) -> bool:
    """Whether the words of a name say that secrets are in the file."""
    suffix = _suffix(name)
    words = _words(name, suffix)
    if not SAMPLES.isdisjoint(words):
        return False
    text = "-".join(words)
    if suffix in DATA_SUFFIXES and SURELY.search(text) is not None:
        return True
    if suffix in DATA_SUFFIXES:
        return _is_alone(ALONE, text)
    return suffix in PROSE_SUFFIXES and _is_alone(SURELY, text)


def _is_kept_with_secrets(path: PurePosixPath) -> bool:
    """Whether a file of data lies in a folder for secrets."""
    folders = ["-".join(_words(part)) for part in path.parts[:-1]]
    return _suffix(path.name) in DATA_SUFFIXES and any(_is_alone(FOLDER, one) for one in folders)


def _is_alone(phrases: re.Pattern[str], text: str) -> bool:
    """Whether words consist of phrases, and of others that only qualify them."""
    rest = phrases.sub("", text)
    if rest == text:
        return False
    return all(word in QUALIFIERS or word.isdecimal() for word in rest.split("-") if word)


def _words(name: str, suffix: str = "") -> list[str]:
    """The words of a name, in lower case: of `accessKeys_2.csv` access, keys, 2."""
    original = _without_copy_suffix(plain(name))
    spelled = unicodedata.normalize("NFKC", name)[: len(original) - len(suffix)]
    return [word.casefold() for word in WORD.findall(CAMEL.sub("-", spelled))]


def _suffix(name: str) -> str:
    return PurePosixPath(_without_copy_suffix(plain(name))).suffix


def _without_copy_suffix(name: str) -> str:
    """The name of the file that this one is a copy of."""
    name = name.rstrip("~")
    while (suffix := PurePosixPath(name).suffix) in COPY_SUFFIXES or suffix[1:].isdecimal():
        name = name.removesuffix(suffix)
    return name
