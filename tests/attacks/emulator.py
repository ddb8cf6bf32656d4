"""Attempts with the access key of the SignalR emulator, which everybody knows."""

from __future__ import annotations

from tests.attacks.group import Group

# Where the key opens nothing.
WELL_KNOWN_KEY = (
    "a client of an instance that nobody has attached",
    "a REST call to an instance that nobody has attached",
    "a client after the attachment has ended",
    "a REST call after the attachment has ended",
)
# How somebody else asks the local cloud to take it.
ATTACH = (
    "without the control token",
    "with the well-known key in the place of the control token",
    "to an instance whose access keys are disabled",
    "to an instance that is not there",
)
# What does not become an upstream of the emulator.
SETTINGS: dict[str, str] = {
    "a file of this machine": "file:///etc/passwd",
    "an address without a scheme": "localhost:7071/runtime/webhooks/signalr",
    "an address without a host": "http:///runtime/webhooks/signalr",
    "a broken address": "http://[::1",
    "another protocol": "gopher://localhost:7071/",
}
GROUPS = (
    Group(
        "The emulator's well-known key where nobody asked for it",
        "test_attachments.py",
        "test_the_well_known_key_opens_nothing_unasked",
        WELL_KNOWN_KEY,
    ),
    Group(
        "Somebody else asks for the emulator's well-known key",
        "test_attachments.py",
        "test_only_the_owner_attaches_the_key",
        ATTACH,
    ),
    Group(
        "Upstream addresses in the emulator's settings",
        "test_emulator_settings.py",
        "test_an_upstream_is_an_address_of_the_web",
        tuple(SETTINGS),
    ),
)
