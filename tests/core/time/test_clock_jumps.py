"""What lasts a while lasts that long, whatever somebody does to the machine's clock."""

from __future__ import annotations

import pytest

from chatkit.core.time import clock
from chatkit.core.time.recorded import RECORDED, Recorded
from chatkit.localcloud.core.store import Store
from chatkit.localcloud.easy_auth.sessions import Sessions
from chatkit.localcloud.entra import codes, tokens
from chatkit.localcloud.entra.core.roles import BY_NAME, Assignment, Roles
from chatkit.localcloud.entra.errors import TokenRejected
from chatkit.localcloud.recorded.clock import Clock
from chatkit.localcloud.resource_manager.core.errors import ArmError
from chatkit.localcloud.resource_manager.core.operations import Operations
from chatkit.localcloud.resource_manager.core.registrations import Registrations
from chatkit.localcloud.resource_manager.gateway.throttle import Throttle
from chatkit.localcloud.storage.state.models import Lease
from tests.times import DAY_S, HOUR_S, Times


def test_a_throttle_is_neither_filled_nor_blocked(times: Times, jump_s: float) -> None:
    """After a jump the caller has what was left; an empty bucket fills with time."""
    throttle = Throttle({"reads": (2, 1.0)})
    throttle.take("alice", "GET")
    times.jump(jump_s)
    throttle.take("alice", "GET")
    with pytest.raises(ArmError):
        throttle.take("alice", "GET")
    times.suspend(HOUR_S)
    throttle.take("alice", "GET")


def test_an_operation_takes_its_time(
    store: Store, times: Times, jump_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recorded operations and registrations end by the time that passes."""
    monkeypatch.setitem(RECORDED, "provider.register", Recorded("register", 20.0, "this test"))
    mode = Clock("recorded")
    operation = Operations(store, mode).begin("signalr.create", "/id")
    registrations = Registrations(store, mode)
    registrations.register("Microsoft.Web")
    times.jump(jump_s)
    assert not operation.is_done
    assert registrations.state("Microsoft.Web") == "Registering"
    times.suspend(HOUR_S)
    assert operation.is_done
    assert registrations.state("Microsoft.Web") == "Registered"


def test_a_role_counts_after_its_delay(store: Store, times: Times, jump_s: float) -> None:
    """Neither at once nor a day late."""
    roles = Roles(store)
    effective = clock.steady() + 60
    roles.assign(Assignment("/1", "/", BY_NAME["Reader"], "alice", effective=effective))
    times.jump(jump_s)
    assert not roles.at("alice", "/")
    times.suspend(HOUR_S)
    assert roles.at("alice", "/")


def test_a_lease_holds_as_long_as_it_says(times: Times, jump_s: float) -> None:
    """A jump neither frees the blob nor locks it for a day."""
    lease = Lease("id", 60, clock.steady() + 60)
    times.jump(jump_s)
    assert lease.state == "leased"
    times.suspend(HOUR_S)
    assert lease.state == "expired"


def test_codes_live_minutes(store: Store, times: Times, jump_s: float) -> None:
    """Authorization codes, device codes and refresh tokens."""
    kept = codes.Codes(store)
    _, device = kept.new_device("app", "openid")
    times.jump(jump_s)
    assert kept.device_of(device.user_code) is device
    times.suspend(HOUR_S)
    assert kept.device_of(device.user_code) is None


def test_a_daily_quota_is_not_refilled_by_the_clock(times: Times, jump_s: float) -> None:
    """A day has to pass."""
    before = int(clock.steady() // DAY_S)
    times.jump(jump_s)
    assert int(clock.steady() // DAY_S) == before


def test_tokens_are_of_the_clock_that_everybody_reads(
    store: Store, times: Times, jump_s: float
) -> None:
    """An old token may be refused after a jump; a new one is taken at once."""
    issuer = tokens.Tokens(store, tenant_id="t", authority="https://localhost")
    old = issuer.issue("aud", {"oid": "alice"})
    times.jump(jump_s)
    with pytest.raises(TokenRejected, match="expired" if jump_s > 0 else "not valid yet"):
        issuer.verify(old, ["aud"])
    assert issuer.verify(issuer.issue("aud", {"oid": "alice"}), ["aud"]).oid == "alice"


def test_a_token_ends_while_the_machine_sleeps(store: Store, times: Times) -> None:
    """An hour of suspension is an hour."""
    issuer = tokens.Tokens(store, tenant_id="t", authority="https://localhost")
    old = issuer.issue("aud", {"oid": "alice"})
    times.suspend(HOUR_S)
    with pytest.raises(TokenRejected, match="expired"):
        issuer.verify(old, ["aud"])


def test_a_nonce_is_spent_whatever_the_clock_shows(
    store: Store, times: Times, jump_s: float
) -> None:
    """A sign-in cannot come back once more after a jump."""
    sessions = Sessions(store, "site")
    assert sessions.use_nonce("n", life_s=600)
    times.jump(jump_s)
    assert not sessions.use_nonce("n", life_s=600)
