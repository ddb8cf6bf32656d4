"""Extension bundles: which one a host.json gets, and which the host refuses."""

from __future__ import annotations

import pytest

from chatkit.localcloud.functions.host import bundles, host_json
from chatkit.localcloud.functions.host.bundles import (
    DEFAULT_ID,
    EXPERIMENTAL_ID,
    PREVIEW_ID,
    Bundle,
)
from chatkit.localcloud.functions.host.errors import AppInvalid


def wanted(version: object, id_: object = DEFAULT_ID) -> dict[str, object]:
    """`extensionBundle` of host.json."""
    return {"id": id_, "version": version}


@pytest.mark.parametrize(
    ("version", "used"),
    [
        ("[4.*, 5.0.0)", (4, 38, 0)),
        ("[4.0.0,5.0.0)", (4, 38, 0)),
        ("[4.0.0, 5.0.0]", (4, 38, 0)),
        ("(4.0.0, 5.0.0)", (4, 38, 0)),
        ("[2.6.1, 3.0.0)", (2, 35, 0)),
        ("[3.3.0, 4.0.0)", (3, 37, 0)),
        ("[2.*, 5.0.0)", (4, 38, 0)),
        ("4.0.0", (4, 38, 0)),
        ("4.*", (4, 38, 0)),
        ("[4.12.0]", (4, 12, 0)),
        ("[4.10.0, 4.13.0)", (4, 12, 0)),
        ("[3.0.0, 3.5.1]", (3, 5, 1)),
        ("[3.0.0, 3.5.1)", (3, 0, 0)),
        ("(, 5.0.0)", (4, 38, 0)),
    ],
)
def test_the_newest_version_in_the_range_is_used(version: str, used: tuple[int, int, int]) -> None:
    """In the notation of NuGet."""
    assert bundles.used(wanted(version)) == Bundle(DEFAULT_ID, used)


@pytest.mark.parametrize(
    ("version", "found"),
    [("[1.*, 2.0.0)", "1.8.1"), ("[1.0.0]", "1.0.0"), ("[2.0.0, 2.6.0]", "2.6.0")],
)
def test_a_version_below_the_minimum_is_refused_in_the_words_of_the_host(
    version: str, found: str
) -> None:
    """2.6.1 since version 4 of the runtime."""
    with pytest.raises(AppInvalid) as refused:
        bundles.used(wanted(version))
    assert refused.value.message == (
        f"Referenced bundle {DEFAULT_ID} of version {found} does not meet the required minimum"
        " version of 2.6.1. Update your extension bundle reference in host.json to reference 2.6.1"
        " or later."
    )


def test_flex_consumption_asks_for_a_newer_one() -> None:
    """4.12.0; elsewhere version 3 serves."""
    data = {"version": "2.0", "extensionBundle": wanted("[3.3.0, 4.0.0)")}
    assert host_json.parse(data).has_bundle
    with pytest.raises(AppInvalid, match=r"minimum version of 4\.12\.0"):
        host_json.parse(data, is_flex=True)


@pytest.mark.parametrize("id_", [PREVIEW_ID, EXPERIMENTAL_ID, DEFAULT_ID.lower()])
def test_previews_and_experiments_are_bundles_too(id_: str) -> None:
    """Core Tools write them with `func init --bundles-channel`."""
    found = bundles.used(wanted("[4.*, 5.0.0)", id_))
    assert found is not None and found.id.lower() == id_.lower()


@pytest.mark.parametrize(
    "asked",
    [wanted("[4.*, 5.0.0)", "Somebody.Else"), wanted("[99.*, 100.0.0)"), {}],
)
def test_what_does_not_exist_gives_no_bundle(asked: dict[str, object]) -> None:
    """The host starts without: functions with SignalR bindings are in error then."""
    assert bundles.used(asked) is None


@pytest.mark.parametrize("id_", [None, "", 5, "a b", "-x", "a" * 101])
def test_an_id_that_is_none_is_refused(id_: object) -> None:
    """In the words of the host."""
    with pytest.raises(AppInvalid, match="value of id property in extensionBundle"):
        bundles.used(wanted("[4.*, 5.0.0)", id_))


@pytest.mark.parametrize(
    "version",
    [None, "", "soon", "[", "[]", "[,]", "[4.*, 5.0.0", "[x, 5.0.0)", "4.*.*.*", "[4,5,6]"],
)
def test_a_version_that_is_none_is_refused(version: object) -> None:
    """In the words of the host."""
    with pytest.raises(AppInvalid, match="value of version property in extensionBundle"):
        bundles.used(wanted(version))
