"""Attempts to get hold of somebody else's application in Microsoft Graph."""

from __future__ import annotations

from tests.attacks.group import Group

# Method, path and body; {me} is who attacks, all others are the kit's own application.
GRAPH_CHANGES: dict[str, tuple[str, str, dict[str, str] | None]] = {
    "a secret of one's own": ("POST", "/applications/{app}/addPassword", {}),
    "a secret, by the application id": (
        "POST",
        "/applications(appId='{app_id}')/addPassword",
        {},
    ),
    "a secret, by the id in another case": (
        "POST",
        "/applications(APPID='{app_id}')/addPassword",
        {},
    ),
    "removing its secret": ("POST", "/applications/{app}/removePassword", {"keyId": "{key}"}),
    "a certificate": ("PATCH", "/applications/{app}", {"keyCredentials": "[]"}),
    "a redirect URI": ("PATCH", "/applications/{app}", {"web": "{{}}"}),
    "a new name": ("PATCH", "/applications(appId='{app_id}')", {"displayName": "mine"}),
    "owning it": (
        "POST",
        "/applications/{app}/owners/$ref",
        {"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/{me}"},
    ),
    "ending its owner": ("DELETE", "/applications/{app}/owners/{principal}/$ref", None),
    "deleting it": ("DELETE", "/applications/{app}", None),
    "deleting its service principal": ("DELETE", "/servicePrincipals/{principal}", None),
    "deleting the principal, by application id": (
        "DELETE",
        "/servicePrincipals(appId='{app_id}')",
        None,
    ),
    "a service principal for it": ("POST", "/servicePrincipals", {"appId": "{app_id}"}),
    "more permissions for it": (
        "POST",
        "/servicePrincipals/{principal}/appRoleAssignments",
        {"principalId": "{principal}", "appRoleId": "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9"},
    ),
}

# Asked for at /.auth/login, whose other parameters go on to Entra.
WIDER_SCOPES = {
    "reading registrations": "openid Application.Read.All",
    "changing registrations": "openid Application.ReadWrite.All",
    "the whole directory": "openid profile Directory.Read.All",
    "everything the person may": "openid Directory.AccessAsUser.All",
    "everybody's profile": "User.Read User.Read.All",
    "giving permissions": "openid AppRoleAssignment.ReadWrite.All",
    "by Graph's address": "openid https://graph.microsoft.com/Application.ReadWrite.All",
    "by Graph's address, two slashes": "https://graph.microsoft.com//Application.ReadWrite.All",
    "by Graph's application id": (
        "openid 00000003-0000-0000-c000-000000000000/Application.ReadWrite.All"
    ),
    "in another case": "openid application.readwrite.all",
    "beside another resource": (
        "https://management.azure.com/.default https://graph.microsoft.com/Directory.Read.All"
    ),
}

GROUPS = [
    Group(
        "Somebody else's application in Microsoft Graph",
        "test_graph_rights.py",
        "test_nobody_changes_what_they_do_not_own",
        tuple(GRAPH_CHANGES),
    ),
    Group(
        "More of Microsoft Graph than an administrator has given the app",
        "test_graph_token.py",
        "test_nobody_signs_in_for_more_than_an_administrator_gave",
        tuple(WIDER_SCOPES),
    ),
]
