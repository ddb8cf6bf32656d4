"""Loopback ports: free or taken, by whom, and which is next."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import psutil
import pytest

from chatkit.core import ports
from chatkit.core.errors import PortInUse
from chatkit.core.ports import Holder


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that this process listens on, on IPv4 only."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


@pytest.fixture
def taken_on_ipv6() -> Iterator[int]:
    """A port that this process listens on, on IPv6 only."""
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with server:
        yield int(server.getsockname()[1])


def test_only_loopback_is_bound() -> None:
    """No socket listens on another address, and both families have the same port."""
    sockets = ports.bind(0, wanted_for="a test")
    names = [sock.getsockname() for sock in sockets]
    for sock in sockets:
        sock.close()
    assert {name[0] for name in names} <= set(ports.LOCALHOST)
    assert len({name[1] for name in names}) == 1
    assert sockets[0].family == socket.AF_INET


def test_binding_a_taken_port_says_who_needs_it(taken: int) -> None:
    """The error has the port and who wanted it."""
    with pytest.raises(PortInUse, match=f"Port {taken} is taken.*the chat"):
        ports.bind(taken, wanted_for="the chat")


def test_a_half_taken_port_leaves_no_socket_behind(taken_on_ipv6: int) -> None:
    """When IPv6 fails, the IPv4 socket is closed, too."""
    with pytest.raises(PortInUse):
        ports.bind(taken_on_ipv6, wanted_for="a test")
    with closing(ports.bind(taken_on_ipv6, ipv4_only=True, wanted_for="a test")[0]) as ours:
        assert ours.getsockname()[1] == taken_on_ipv6


def test_a_port_is_free_until_somebody_listens(taken: int) -> None:
    """On either family."""
    assert not ports.is_free(taken)
    assert ports.is_free(ports.next_free(taken))


def test_a_port_taken_on_ipv6_is_not_free(taken_on_ipv6: int) -> None:
    """A browser may try ::1 first."""
    assert not ports.is_free(taken_on_ipv6)


def test_asking_whether_a_port_is_free_meets_no_caller() -> None:
    """The probe binds and never listens: nobody connects to it by mistake."""
    with socket.socket() as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", 0))
        port = int(bound.getsockname()[1])
        ports.is_free(port)
        assert not ports.answers(port)


def test_a_port_in_an_outgoing_connection_is_not_free(taken: int) -> None:
    """Binding it would fail until the connection ends."""
    with socket.create_connection(("127.0.0.1", taken)) as call:
        assert not ports.is_free(int(call.getsockname()[1]))


def test_a_listener_answers(taken: int) -> None:
    """And a port that is merely free does not."""
    assert ports.answers(taken)
    assert not ports.answers(ports.next_free(taken))


def test_localhost_is_asked_on_both_families(taken_on_ipv6: int) -> None:
    """A name stands for all its addresses."""
    assert ports.answers(taken_on_ipv6, host="::1")
    assert not ports.answers(taken_on_ipv6)


def test_the_next_free_port_is_close(taken: int) -> None:
    """It is easy to recognise."""
    assert taken < ports.next_free(taken) < taken + ports.NEAR


def test_after_the_last_port_any_free_one_is_next() -> None:
    """There is none above 65535."""
    assert ports.is_free(ports.next_free(ports.HIGHEST))


def test_a_chosen_port_is_none_of_outgoing_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless all others are taken."""
    assert ports.any_free() in ports.FOR_SERVERS
    (sock, *_) = sockets = ports.bind(0, wanted_for="a test")
    assert sock.getsockname()[1] in ports.FOR_SERVERS
    for sock in sockets:
        sock.close()
    monkeypatch.setattr(ports, "is_free", lambda port: False)
    assert ports.any_free() not in ports.FOR_SERVERS


def test_another_program_may_be_faster(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between choosing a port and binding it."""
    offered = iter([taken, free := ports.any_free()])
    monkeypatch.setattr(ports, "any_free", lambda: next(offered))
    sockets = ports.bind(0, wanted_for="a test")
    assert ports.port_of(sockets) == free
    for sock in sockets:
        sock.close()


def test_a_promised_port_is_never_chosen() -> None:
    """Whether its owner listens or not."""
    offered = [ports.any_free() for _ in range(3)]
    assert ports.any_free(taken=offered) not in offered


def test_the_holder_of_a_port_is_named(taken: int) -> None:
    """With its name and process id."""
    name = psutil.Process().name()
    assert ports.who_holds(taken) == Holder(os.getpid(), name)
    assert str(ports.who_holds(taken)) == f"{name} (process {os.getpid()})"


def test_the_holder_of_a_port_on_ipv6_is_named(taken_on_ipv6: int) -> None:
    """The system keeps a table of its own for it."""
    assert ports.who_holds(taken_on_ipv6).pid == os.getpid()


def test_the_holder_of_a_free_port_is_unknown() -> None:
    """Somebody else's process is not always visible."""
    assert str(ports.who_holds(ports.any_free())) == "another program"


def test_a_holder_that_ends_meanwhile_keeps_its_number(
    taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name could not be read any more."""

    def gone(pid: int) -> psutil.Process:
        raise psutil.NoSuchProcess(pid)

    monkeypatch.setattr(psutil, "Process", gone)
    assert str(ports.who_holds(taken)) == f"process {os.getpid()}"


def test_importing_needs_the_standard_library_only() -> None:
    """The page's server starts at once."""
    code = "import chatkit.core.ports, sys; print('psutil' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == "False"
