"""The registration of an app on this machine, where Entra ID knows late what is new."""

from __future__ import annotations

import ssl
from pathlib import Path

from chatkit.core.time.propagation import REGISTRATION, SECRET, drawn_s
from chatkit.localcloud.easy_auth.local.options import Entra
from chatkit.localcloud.easy_auth.local.registration import register
from tests.localcloud.entra.tenant import Tenant, tenant

__all__ = ["tenant"]
SCALE = 0.02


async def test_a_registration_is_ready_once_people_can_sign_in_to_it(tenant: Tenant) -> None:
    """Graph finds it, and its secret is taken: the first sign-in does not meet a refusal."""
    clock = tenant.service._clock
    clock.mode = "azure"
    clock.scale = SCALE
    known = tenant.known
    entra = Entra(
        known["authority"],
        known["graph"],
        known["tenant_id"],
        Path(tenant.ca_file),
        known["client_id"],
        known["client_secret"],
    )
    trust = ssl.create_default_context(cafile=tenant.ca_file)
    began = clock.now()
    callback = "http://localhost:1/callback"
    made = await register(entra, trust, name="app", callback=callback, known=None)
    took_s = clock.now() - began
    assert took_s >= (drawn_s(REGISTRATION, 0, 0) + drawn_s(SECRET, 0, 0)) * SCALE
    status, _ = await tenant.post(
        grant_type="client_credentials",
        client_id=made.client_id,
        client_secret=made.secret,
        scope="https://graph.microsoft.com/.default",
    )
    assert status == 200
    names = [one["displayName"] for one in tenant.service.directory.applications()]
    assert names.count("app") == 1
