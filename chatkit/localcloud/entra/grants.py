"""What the token endpoint grants, one method per grant type.

Plain Python: forms in, token answers out.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import NotRequired, TypedDict

from chatkit.core.errors import NotWritten
from chatkit.core.text.constant_time import is_same_secret
from chatkit.core.time import clock
from chatkit.localcloud.entra import assertions, errors
from chatkit.localcloud.entra.codes import Codes, Consent
from chatkit.localcloud.entra.core.applications import Application
from chatkit.localcloud.entra.core.principals import Principal
from chatkit.localcloud.entra.models import Directory
from chatkit.localcloud.entra.scopes import Scopes, is_graph
from chatkit.localcloud.entra.tokens import LIFETIME_S, Tokens

Form = Mapping[str, str]
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class TokenAnswer(TypedDict):
    """What the token endpoint answers (RFC 6749 §5.1, OpenID Connect Core 1.0 §3.1.3.3)."""

    token_type: str
    expires_in: int
    ext_expires_in: int
    access_token: str
    scope: NotRequired[str]
    refresh_token: NotRequired[str]
    id_token: NotRequired[str]
    client_info: NotRequired[str]


class AppClaims(TypedDict):
    """Claims of a token that an application or a managed identity got for itself."""

    oid: str
    sub: str
    appid: str
    azp: str
    app_displayname: str
    idtyp: str
    roles: NotRequired[list[str]]


class UserClaims(TypedDict):
    """Claims about a person."""

    oid: str
    sub: str
    name: str
    preferred_username: str
    upn: str
    unique_name: str
    email: str
    idtyp: str


class Grants:
    """The token endpoint's rules."""

    def __init__(self, directory: Directory, tokens: Tokens, codes: Codes) -> None:
        self._directory = directory
        self._tokens = tokens
        self._codes = codes
        self._scopes = Scopes(directory)
        self._grants: dict[str, Callable[[Form], TokenAnswer]] = {
            "client_credentials": self._client_credentials,
            "authorization_code": self._authorization_code,
            "refresh_token": self._refresh_token,
            DEVICE_GRANT: self._device_code,
            "device_code": self._device_code,
        }

    def answer(self, form: Form) -> TokenAnswer:
        """Grant a token.

        Args:
            form: The fields of the request body.

        Raises:
            EntraError: The request is refused.
        """
        grant = form.get("grant_type", "")
        if not grant:
            raise errors.missing_parameter("grant_type")
        handler = self._grants.get(grant)
        if handler is None:
            raise errors.unsupported_grant(grant)
        if not form.get("client_id"):
            raise errors.missing_parameter("client_id")
        return handler(form)

    # Grants --------------------------------------------------------------------------------------

    def _client_credentials(self, form: Form) -> TokenAnswer:
        application = self._application(form)
        resource = self._app_resource(form)
        self._check_client(form, application, needs_proof=True)
        principal = self._directory.create_service_principal(application["appId"])
        return self._bearer(resource, app_claims(self._directory, principal, resource))

    def _authorization_code(self, form: Form) -> TokenAnswer:
        application = self._application(form)
        consent = self._codes.redeem(form.get("code", ""))
        if consent.client_id != application["appId"]:
            raise errors.invalid_grant(
                700005, "The authorization code is intended for another application."
            )
        if form.get("redirect_uri", "") != consent.redirect_uri:
            raise errors.invalid_grant(
                500112,
                f"The reply address '{form.get('redirect_uri', '')}' does not match the reply"
                f" address '{consent.redirect_uri}' provided when requesting Authorization code.",
            )
        _check_verifier(consent, form.get("code_verifier", ""))
        self._check_client(form, application, needs_proof=consent.needs_proof)
        try:
            return self._user_tokens(form, application, consent)
        except NotWritten:
            self._codes.take_back(consent)
            raise

    def _refresh_token(self, form: Form) -> TokenAnswer:
        application = self._application(form)
        consent = self._codes.refresh(form.get("refresh_token", ""), application["appId"])
        self._check_client(form, application, needs_proof=consent.needs_proof)
        return self._user_tokens(form, application, consent)

    def _device_code(self, form: Form) -> TokenAnswer:
        application = self._application(form)
        code = form.get("device_code") or form.get("code", "")
        device = self._codes.device(code)
        if device is None or device.client_id != application["appId"]:
            raise errors.EntraError(
                "bad_verification_code",
                70019,
                "Verification code is invalid or expired. Ask for a new one.",
            )
        if device.is_declined:
            raise errors.EntraError(
                "authorization_declined", 70018, "The person declined the sign-in on the device."
            )
        if device.expires <= clock.steady():
            raise errors.EntraError(
                "expired_token", 70020, "The provided value for the device code has expired."
            )
        if not device.user:
            raise errors.EntraError(
                "authorization_pending",
                70016,
                "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
            )
        # A device has no redirect URI that tells what kind of client it is: the application's
        # "Allow public client flows" does.
        needs_proof = not application.get("isFallbackPublicClient")
        self._check_client(form, application, needs_proof=needs_proof)
        consent = Consent(device.user, device.client_id, device.scope, needs_proof=needs_proof)
        tokens = self._user_tokens(form, application, consent)
        self._codes.end_device(code)
        return tokens

    # Clients -------------------------------------------------------------------------------------

    def _application(self, form: Form) -> Application:
        client_id = form["client_id"].lower()
        application = self._directory.client(client_id)
        if application is None:
            raise errors.client_not_found(client_id, self._directory.tenant_id)
        return application

    def _check_client(self, form: Form, application: Application, *, needs_proof: bool) -> None:
        """Check the client's proof. A public client needs none, but a wrong one is refused.

        Raises:
            EntraError: The proof is wrong, or a confidential client sent none.
        """
        if form.get("client_assertion"):
            base = self._tokens.issuer.removesuffix("/v2.0")
            audiences = [f"{base}/oauth2/v2.0/token", f"{base}/oauth2/token", f"{base}/v2.0", base]
            assertion = form["client_assertion"]
            trusted = self._directory.trusted(application)
            assertions.check(
                assertion, application, audiences, trusted=trusted, tokens=self._tokens
            )
        elif form.get("client_secret"):
            self._directory.check_secret(application, form["client_secret"])
        elif needs_proof:
            raise errors.missing_credential()

    # Tokens --------------------------------------------------------------------------------------

    def _app_resource(self, form: Form) -> str:
        if form.get("resource"):
            return self._scopes.known(form["resource"])
        if not form.get("scope"):
            raise errors.missing_parameter("scope")
        scope, *more = form["scope"].split()
        if more or not scope.endswith("/.default"):
            raise errors.invalid_scope(form["scope"])
        return self._scopes.known(scope.removesuffix("/.default"))

    def _user_tokens(self, form: Form, client: Application, consent: Consent) -> TokenAnswer:
        scope = _asked_scope(form) or consent.scope
        user = self._directory.principal(consent.user)
        if user is None:
            raise errors.invalid_grant(50034, "The user account does not exist in the directory.")
        audience, permissions = self._scopes.of_person(client, scope, signed_in_for=consent.scope)
        claims = {
            **user_claims(user),
            "appid": consent.client_id,
            "azp": consent.client_id,
            "scp": permissions,
        }
        answer = self._bearer(audience, claims)
        answer["scope"] = scope
        asked = set(consent.scope.split()) | set(scope.split())
        if "offline_access" in asked:
            answer["refresh_token"] = self._codes.new_refresh_token(consent)
        if "openid" in asked:
            nonce = {"nonce": consent.nonce} if consent.nonce else {}
            answer["id_token"] = self._tokens.issue(
                consent.client_id, {**user_claims(user), **nonce}
            )
        if form.get("client_info"):
            info = json.dumps({"uid": user.id, "utid": self._directory.tenant_id}).encode()
            answer["client_info"] = base64.urlsafe_b64encode(info).decode().rstrip("=")
        return answer

    def _bearer(self, audience: str, claims: Mapping[str, object]) -> TokenAnswer:
        return {
            "token_type": "Bearer",
            "expires_in": LIFETIME_S,
            "ext_expires_in": LIFETIME_S,
            "access_token": self._tokens.issue(audience, claims),
        }


def _check_verifier(consent: Consent, verifier: str) -> None:
    if not consent.challenge:
        # Somebody between the application and us may have removed the challenge.
        if verifier:
            raise errors.invalid_grant(*errors.VERIFIER_WRONG)
        return
    if not verifier:
        raise errors.invalid_grant(*errors.VERIFIER_MISSING)
    expected = verifier if consent.method == "plain" else _s256(verifier)
    if not is_same_secret(expected, consent.challenge):
        raise errors.invalid_grant(*errors.VERIFIER_WRONG)


def _s256(verifier: str) -> str:
    """The challenge of a verifier (RFC 7636 §4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _asked_scope(form: Form) -> str:
    """The scope of a request; version 1 of the endpoint names a resource instead."""
    if form.get("scope"):
        return form["scope"]
    if form.get("resource"):
        return f"{form['resource']}/.default"
    return ""


def app_claims(directory: Directory, principal: Principal, resource: str) -> AppClaims:
    """The claims about an application or a managed identity, in a token for a resource."""
    claims: AppClaims = {
        "oid": principal.id,
        "sub": principal.id,
        "appid": principal.app_id,
        "azp": principal.app_id,
        "app_displayname": principal.name,
        "idtyp": "app",
    }
    roles = directory.app_roles(principal.id)
    if roles and is_graph(resource):
        claims["roles"] = roles
    return claims


def user_claims(principal: Principal) -> UserClaims:
    """The claims about a person."""
    return {
        "oid": principal.id,
        "sub": principal.id,
        "name": principal.name,
        "preferred_username": principal.upn,
        "upn": principal.upn,
        "unique_name": principal.upn,
        "email": principal.upn,
        "idtyp": "user",
    }
