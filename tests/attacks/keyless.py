"""Attempts against what works without keys: data roles, identities, keys that are switched off."""

from __future__ import annotations

from tests.attacks.group import Group

CALLS = (
    "nobody's token, for Resource Manager",
    "nobody's token, for storage",
    "a token for the instance's own address",
    "another tenant's token",
    "a token with this tenant's name, signed by somebody else",
    "the tenant's key as HMAC secret",
    "an expired token",
    "a token of tomorrow",
    "a principal without a role",
    "an owner of the subscription without a data role",
    "a role at another instance",
    "a role at an instance whose name only begins the same",
    "a role that was taken away",
    "a role that does not count yet",
    "a reader who sends",
    "a reader who closes a connection",
    "a reader who adds a user to a group",
    "a reader who makes a client token",
    "an app server that sends",
    "an app server that makes a client token",
    "an Entra token where clients connect",
    "an Entra token in the query",
    "a client token of the service on the REST API",
    "a client token of another hub",
    "an Entra token where those are switched off",
    "a key's token where keys are switched off",
    "a key's token from before they were switched off and on",
    "an empty key where keys are switched off",
)
IDENTITIES = (
    "no header",
    "another app's header",
    "an older header in the query",
    "another app's user-assigned identity, by client id",
    "another app's user-assigned identity, by object id",
    "another app's user-assigned identity, by resource id",
    "an identity that was taken away",
    "an identity that was deleted",
    "client id of one and resource id of another",
    "a site's own resource id",
)
UPSTREAM = (
    "no token",
    "the identity's token for Resource Manager",
    "the identity's token for another app",
    "a resource that the tenant does not know",
    "an instance without an identity",
    "an identity that was deleted",
    "the signature of an access key, without a token",
    "a user's token of another app",
)

GROUPS = (
    Group(
        "SignalR Service without keys",
        "test_signalr_entra.py",
        "test_a_caller_without_the_right_is_refused",
        CALLS,
    ),
    Group(
        "Managed identities of others",
        "test_user_assigned_identities.py",
        "test_an_app_gets_no_token_of_an_identity_it_does_not_have",
        IDENTITIES,
    ),
    Group(
        "A trigger that takes the service's identity alone",
        "test_upstream_identity.py",
        "test_a_trigger_behind_sign_in_takes_no_other_call",
        UPSTREAM,
    ),
)
