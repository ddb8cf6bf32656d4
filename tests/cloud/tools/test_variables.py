"""What `chatkit local env` sets: for programs that read nothing but their environment."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import cast

import pytest

from chatkit.cloud.local_cloud import Endpoints
from chatkit.cloud.tools.shell_lines import Shell, shell_lines
from chatkit.cloud.tools.variables import TRUSTED_FILE, others, variables
from chatkit.core.errors import SetupError

OWN = "-----BEGIN CERTIFICATE-----\nlocal\n-----END CERTIFICATE-----\n"


@pytest.fixture
def known(tmp_path: Path) -> Endpoints:
    """What a local cloud tells."""
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text(OWN, encoding="ascii")
    told = {
        "resource_manager": "https://localhost:1",
        "authority": "https://localhost:2",
        "tenant_id": "t",
        "subscription_id": "s",
        "client_id": "c",
        "client_secret": "hidden",
        "ca_file": str(ca_file),
        "identity_endpoint": "http://localhost:3/msi/token",
        "identity_header": "H",
    }
    return cast(Endpoints, told)


def test_the_secret_is_terraforms_only(known: Endpoints, tmp_path: Path) -> None:
    """With AZURE_CLIENT_SECRET the chain of DefaultAzureCredential() would end at once."""
    found = variables(known, tmp_path, {})
    assert "AZURE_CLIENT_SECRET" not in found and found["ARM_CLIENT_SECRET"] == "hidden"
    assert found["IDENTITY_ENDPOINT"] == "http://localhost:3/msi/token"
    assert found["AZURE_TOKEN_CREDENTIALS"] == "prod"


def test_variables_of_another_account_have_to_go() -> None:
    """They would be asked first."""
    shell = {"AZURE_CLIENT_SECRET": "real", "AZURE_USERNAME": "alice", "PATH": "/bin"}
    assert others(shell) == ["AZURE_CLIENT_SECRET", "AZURE_USERNAME"]


def test_a_proxy_gets_nothing_that_is_for_this_machine(known: Endpoints, tmp_path: Path) -> None:
    """Only where the shell has one, and beside what it already leaves out."""
    assert "NO_PROXY" not in variables(known, tmp_path, {})
    shell = {"https_proxy": "http://proxy:1", "no_proxy": "example.com, localhost"}
    assert variables(known, tmp_path, shell)["NO_PROXY"] == "example.com,localhost,127.0.0.1"


def test_a_cloud_of_an_older_version_has_to_be_started_anew(
    known: Endpoints, tmp_path: Path
) -> None:
    """It has no managed identity for this; the sentence says what to type."""
    del known["identity_header"]
    with pytest.raises(SetupError, match="`chatkit local down`, then `chatkit local up`"):
        variables(known, tmp_path, {})


# What programs trust


def test_programs_trust_a_file_with_both(known: Endpoints, tmp_path: Path) -> None:
    """The shell's own authorities, and the local cloud's; az and the SDKs by the same file."""
    company = tmp_path / "company.pem"
    company.write_text("the company's\n", encoding="utf-8")
    found = variables(known, tmp_path, {"REQUESTS_CA_BUNDLE": str(company)})
    path = tmp_path / TRUSTED_FILE
    assert found["REQUESTS_CA_BUNDLE"] == found["SSL_CERT_FILE"] == str(path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("the company's\n") and text.endswith(OWN)


# Forms

VALUES = {"PLAIN": "https://localhost:1/a?b=c", "ODD": 'it\'s $5 "x" `y`'}


def test_bash_reads_what_was_meant() -> None:
    """Also quotes and dollars."""
    lines = "\n".join(shell_lines(Shell.BASH, VALUES, ["GONE"]))
    script = f'export GONE=1\n{lines}\nprintf "%s|%s|%s" "$PLAIN" "$ODD" "${{GONE-none}}"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, encoding="utf-8")
    assert done.stdout == f"{VALUES['PLAIN']}|{VALUES['ODD']}|none"


def test_bash_may_join_the_lines() -> None:
    """As in `eval $(...)` without quotes: nothing would be set, and nobody would see it."""
    lines = " ".join(shell_lines(Shell.BASH, {"SET": "a b"}, ["GONE", "AWAY"]))
    script = f'export GONE=1 AWAY=1; {lines} printf "%s|%s" "$SET" "${{AWAY-none}}"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, encoding="utf-8")
    assert done.stdout == "a b|none"


def test_fish_has_its_own_words() -> None:
    """It knows no `unset`; in its quotes a backslash escapes a quote and itself."""
    values = {"PLAIN": "/a b", "ODD": "it's $5 C:\\x"}
    assert [*shell_lines(Shell.FISH, values, ["GONE"])] == [
        "set -e GONE;",
        "set -gx PLAIN '/a b';",
        "set -gx ODD 'it\\'s $5 C:\\\\x';",
    ]


def test_powershell_has_its_own_quotes() -> None:
    """Single ones, doubled inside; no variable is looked up in them."""
    assert [*shell_lines(Shell.POWERSHELL, VALUES, ["GONE"])] == [
        "Remove-Item Env:GONE",
        "$env:PLAIN = 'https://localhost:1/a?b=c'",
        "$env:ODD = 'it''s $5 \"x\" `y`'",
    ]


def test_an_env_file_has_quotes_only_where_they_are_needed() -> None:
    """docker takes them for a part of the value."""
    lines = [*shell_lines(Shell.DOTENV, {"PLAIN": VALUES["PLAIN"], "ODD": "a b"}, ["GONE"])]
    assert lines == ["PLAIN=https://localhost:1/a?b=c", "ODD='a b'"]
