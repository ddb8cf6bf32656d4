"""Ways to break a learner's workshop, each the one that a known problem is about.

All are undone at the end of their block.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from azure.mgmt.signalr.models import (
    RegenerateKeyParameters,
    ResourceSku,
    SignalRFeature,
    SignalRResource,
)
from azure.mgmt.web.models import (
    AppServicePlan,
    AppServicePlanProperties,
    CorsSettings,
    SiteAuthSettingsV2,
    SiteConfig,
    SiteConfigResource,
    SkuDescription,
    StringDictionary,
)
from azure.storage.blob import StaticWebsite

from chatkit.chat.client.background_loop import background_loop
from chatkit.cloud import local_cloud
from chatkit.cloud.provision import storage
from chatkit.core.errors import AppFileDamaged, ServiceError
from chatkit.lesson.checks.core.evidence import listening
from chatkit.lesson.checks.core.service import hub_endpoint, of_local_settings
from chatkit.lesson.doctor.diagnose import diagnose
from chatkit.lesson.doctor.preflight import machine
from chatkit.lesson.doctor.report import Report
from chatkit.lesson.doctor.snapshot import folder, snapshot
from chatkit.lesson.doctor.snapshot.snapshot import Snapshot
from chatkit.lesson.http import fetch, masked
from chatkit.steps import local_settings
from chatkit.steps.local_settings import FILE
from chatkit.workshop import Workshop
from tests.lesson.doctor.ready_workshop import edited
from tests.other_programs import taking_ports

Broken = AbstractContextManager[None]
ANSWER_LIMIT_S = 20.0
PASSWORD = "pass" + "word-of-a-proxy"


@dataclass(frozen=True)
class Fault:
    """One way to break a workshop.

    Attributes:
        key: Of the problem that this is.
        seen: Words of what the doctor sees.
        checks: Names of the checks that fail as well.
    """

    key: str
    seen: str
    breaks: Callable[[Workshop], Broken]
    checks: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.key}-{self.seen}"


# The learner's files


def file(name: str, old: str, new: str) -> Callable[[Workshop], Broken]:
    """Edit a file of the function app."""
    return lambda workshop: edited(workshop.functions_folder / name, old, new)


def page_file(name: str, old: str, new: str) -> Callable[[Workshop], Broken]:
    """Edit a file of the page."""
    return lambda workshop: edited(workshop.page_folder / name, old, new)


def added(name: str) -> Callable[[Workshop], Broken]:
    """Put another file into the function app."""

    @contextmanager
    def breaks(workshop: Workshop) -> Iterator[None]:
        path = workshop.functions_folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}", encoding="utf-8")
        yield
        path.unlink()
        if path.parent != workshop.functions_folder:
            path.parent.rmdir()

    return breaks


def unregistered(old: str, new: str) -> Callable[[Workshop], Broken]:
    """Edit function_app.py after sections 04 to 06 are done."""

    @contextmanager
    def breaks(workshop: Workshop) -> Iterator[None]:
        path = workshop.functions_folder / "function_app.py"
        with done(workshop, "04", "05", "06"), edited(path, old, new):
            yield

    return breaks


def unreadable(name: str) -> Callable[[Workshop], Broken]:
    """Take the right to read a file away, for root, too, who may read everything."""

    @contextmanager
    def breaks(_: Workshop) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(folder, "_is_readable", lambda path: path.name != name)
            yield

    return breaks


@contextmanager
def only_a_sample(workshop: Workshop) -> Iterator[None]:
    """local.settings.json under its sample's name."""
    path = workshop.functions_folder / FILE
    sample = path.rename(path.with_name("local.settings.sample.json"))
    yield
    sample.rename(path)


def running(name: str, old: str, new: str) -> Callable[[Workshop], Broken]:
    """Edit a file and run the functions on this machine as they are then."""

    @contextmanager
    def breaks(workshop: Workshop) -> Iterator[None]:
        with edited(workshop.functions_folder / name, old, new):
            workshop.start_functions()
            yield
            workshop.stop_functions()

    return breaks


@contextmanager
def raising(workshop: Workshop) -> Iterator[None]:
    """A function on this machine raises when somebody posts a message."""
    with running("send_message.py", "signalr_messages.set(", "signalr_messages.sett(")(workshop):
        api = str(workshop.local_api_base_url)
        assert fetch("POST", f"{api}/api/messages", body={"sender": "alice", "text": "x"}).status
        yield


@contextmanager
def done(workshop: Workshop, *sections: str) -> Iterator[None]:
    """Sections are done, for as long as the block runs."""
    for section in sections:
        workshop.complete(section)
    yield
    workshop.begin_at("00")


@contextmanager
def folder_gone(workshop: Workshop) -> Iterator[None]:
    """Somebody has moved my-chat away."""
    aside = workshop.folder.with_name("moved-away")
    with done(workshop, "03", "05"):
        workshop.folder.rename(aside)
        yield
        aside.rename(workshop.folder)


@contextmanager
def website_off(workshop: Workshop) -> Iterator[None]:
    """Somebody has switched the static website off."""
    settings = workshop.settings
    account = workshop.cloud.storage().storage_accounts.get_properties(
        settings.names.resource_group, settings.names.storage_account
    )
    blobs = workshop.cloud.blobs(
        storage.blob_url(account), storage.account_key(workshop.session.stack())
    )
    with done(workshop, "08"):
        blobs.set_service_properties(static_website=StaticWebsite(enabled=False))
        yield
        workshop.enable_static_website()


@contextmanager
def closed_to_the_local_page(workshop: Workshop) -> Iterator[None]:
    """The local page calls the local functions, which know another origin only."""
    config = workshop.page_folder / "config.json"
    # The second edit names the address that the functions have after the first one: they restart.
    with running(FILE, str(workshop.local_web_url), "http://127.0.0.1:1")(workshop):
        local_api = str(workshop.local_api_base_url)
        with edited(config, str(workshop.api_base_url), local_api):
            yield


# This machine


@contextmanager
def old_python(workshop: Workshop) -> Iterator[None]:
    """An interpreter that nothing here runs on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "version", lambda: (3, 9, 18))
        yield


@contextmanager
def swallowing_proxy(workshop: Workshop) -> Iterator[None]:
    """A proxy that is asked for this machine's own addresses, too, and is not there."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("NO_PROXY", "no_proxy"):
            patch.delenv(name, raising=False)
        patch.setenv("HTTPS_PROXY", f"http://learner:{PASSWORD}@127.0.0.1:9")
        yield


@contextmanager
def cloud_down(workshop: Workshop) -> Iterator[None]:
    """The local cloud was stopped."""
    local_cloud.stop(workshop.home / "local")
    yield
    workshop.session.connect()
    wait_until_answers(workshop)


def drill(kind: str) -> Callable[[Workshop], Broken]:
    """Somebody plays a failure."""

    @contextmanager
    def begun(workshop: Workshop) -> Iterator[None]:
        where = workshop.home / "local"
        local_cloud.ask("PUT", f"/drills/{kind}", {"for_s": 600, "delay_s": 1.0}, where=where)
        yield
        local_cloud.ask("DELETE", "/drills", where=where)
        wait_until_answers(workshop)

    return begun


@contextmanager
def moved_port(workshop: Workshop) -> Iterator[None]:
    """Another program took a port while the local cloud was down; a shell has the old address."""
    known = local_cloud.read(workshop.home / "local")
    local_cloud.stop(workshop.home / "local")
    with taking_ports(known["resource_manager"]), pytest.MonkeyPatch.context() as patch:
        workshop.session.connect()
        wait_until_answers(workshop)
        patch.setenv("AZURE_RESOURCE_MANAGER", known["resource_manager"])
        yield


def wait_until_answers(workshop: Workshop) -> None:
    """Wait for the deployed functions, which start anew with the local cloud."""
    until = time.monotonic() + ANSWER_LIMIT_S
    while fetch("POST", f"{workshop.api_base_url}/api/negotiate").status not in (200, 401):
        assert time.monotonic() < until


# The function app


def cors(
    *origins: str, credentials: bool = True, page: bool = False
) -> Callable[[Workshop], Broken]:
    """Allow other origins than the page's, or some besides it."""

    @contextmanager
    def breaks(workshop: Workshop) -> Iterator[None]:
        settings, sites = workshop.settings, workshop.cloud.web().web_apps
        allowed = [*origins, *([str(workshop.web_url).rstrip("/")] if page else [])]
        wanted = SiteConfig(
            cors=CorsSettings(allowed_origins=allowed, support_credentials=credentials)
        )
        sites.update_configuration(
            settings.names.resource_group,
            settings.names.function_app,
            SiteConfigResource(properties=wanted),
        )
        yield
        workshop.allow_page()

    return breaks


def app_setting(name: str, value: str | None) -> Callable[[Workshop], Broken]:
    """Change an app setting, or take it away."""

    @contextmanager
    def breaks(workshop: Workshop) -> Iterator[None]:
        settings, sites = workshop.settings, workshop.cloud.web().web_apps
        names = (settings.names.resource_group, settings.names.function_app)
        before = dict(sites.list_application_settings(*names).properties or {})
        after = {key: text for key, text in {**before, name: value}.items() if text is not None}
        sites.update_application_settings(*names, StringDictionary(properties=after))
        yield
        sites.update_application_settings(*names, StringDictionary(properties=before))
        wait_until_answers(workshop)

    return breaks


@contextmanager
def other_routes(workshop: Workshop) -> Iterator[None]:
    """A setting of the deployed app puts its functions below another path."""
    prefix = app_setting("AzureFunctionsJobHost__extensions__http__routePrefix", "v1")
    with prefix(workshop):
        until = time.monotonic() + ANSWER_LIMIT_S
        # The version before serves until this one does.
        while fetch("POST", f"{workshop.api_base_url}/api/negotiate").status != 404:
            assert time.monotonic() < until
            time.sleep(0.05)
        yield


@contextmanager
def stopped(workshop: Workshop) -> Iterator[None]:
    """The function app is stopped."""
    settings, sites = workshop.settings, workshop.cloud.web().web_apps
    sites.stop(settings.names.resource_group, settings.names.function_app)
    yield
    sites.start(settings.names.resource_group, settings.names.function_app)


def page_calls(change: Callable[[str], str]) -> Callable[[Workshop], Broken]:
    """Upload a config.json that calls another address."""

    @contextmanager
    def breaks(workshop: Workshop) -> Iterator[None]:
        settings, cloud = workshop.settings, workshop.cloud
        account = cloud.storage().storage_accounts.get_properties(
            settings.names.resource_group, settings.names.storage_account
        )
        key = storage.account_key(workshop.session.stack())
        web = cloud.blobs(storage.blob_url(account), key).get_container_client("$web")
        web.upload_blob(
            "config.json",
            json.dumps({"apiBaseUrl": change(str(workshop.api_base_url))}),
            overwrite=True,
        )
        yield
        workshop.upload_page()

    return breaks


def authentication(change: Callable[[Any], object]) -> Callable[[Workshop], Broken]:
    """Change the settings of App Service Authentication; they are objects of the SDK."""

    @contextmanager
    def breaks(workshop: Workshop) -> Iterator[None]:
        settings, sites = workshop.settings, workshop.cloud.web().web_apps
        names = (settings.names.resource_group, settings.names.function_app)
        found: SiteAuthSettingsV2 = sites.get_auth_settings_v2_without_secrets(*names)
        change(found.properties)
        sites.update_auth_settings_v2(*names, found)
        yield
        workshop.enable_authentication()

    return breaks


def published(name: str, old: str, new: str) -> Callable[[Workshop], Broken]:
    """Publish the functions with an edit."""

    @contextmanager
    def breaks(workshop: Workshop) -> Iterator[None]:
        with edited(workshop.functions_folder / name, old, new):
            workshop.publish_functions()
        yield
        workshop.publish_functions()

    return breaks


def not_published(name: str, old: str, new: str) -> Callable[[Workshop], Broken]:
    """Publish the functions with an edit with which they do not all run, and take it back."""

    @contextmanager
    def breaks(workshop: Workshop) -> Iterator[None]:
        path = workshop.functions_folder / name
        with edited(path, old, new), pytest.raises(ServiceError):
            workshop.publish_functions()
        yield
        workshop.publish_functions()

    return breaks


# The SignalR Service instance, and the group


def instance(back: dict[str, Any], **change: Any) -> Callable[[Workshop], Broken]:
    """Change the instance.

    Args:
        back: What undoes it.
        change: Properties of the SDK's SignalRResource.
    """

    @contextmanager
    def breaks(workshop: Workshop) -> Iterator[None]:
        settings, client = workshop.settings, workshop.cloud.signalr().signal_r
        update = partial(client.begin_update, settings.names.resource_group, settings.names.signalr)
        update(SignalRResource(location=settings.region, **change)).result()
        yield
        update(SignalRResource(location=settings.region, **back)).result()

    return breaks


def mode(value: str) -> dict[str, Any]:
    """A service mode."""
    return {"features": [SignalRFeature(flag="ServiceMode", value=value)]}


def tier(name: str) -> dict[str, Any]:
    """A tier."""
    return {"sku": ResourceSku(name=name, tier=name.partition("_")[0], capacity=1)}


@contextmanager
def regenerated_key(workshop: Workshop) -> Iterator[None]:
    """The key that everybody has is no longer one."""
    settings, keys = workshop.settings, RegenerateKeyParameters(key_type="Primary")
    workshop.cloud.signalr().signal_r.begin_regenerate_key(
        settings.names.resource_group, settings.names.signalr, keys
    ).result()
    yield
    workshop.write_local_settings()
    workshop.upload_settings()


@contextmanager
def full_house(workshop: Workshop) -> Iterator[None]:
    """Somebody has opened all the connections there are."""
    connection = of_local_settings(workshop.session)
    stack = AsyncExitStack()
    tabs = [hub_endpoint(connection, workshop.hub, f"tab {number}") for number in range(20)]
    background_loop().call(stack.enter_async_context(listening(*tabs)))
    yield
    background_loop().call(stack.aclose())
    until = time.monotonic() + ANSWER_LIMIT_S
    # The service notices a moment later that they have gone.
    while Snapshot(workshop.session, limit_s=ANSWER_LIMIT_S).refusal():
        assert time.monotonic() < until


@contextmanager
def windows_plan(workshop: Workshop) -> Iterator[None]:
    """The group had a function app on Windows before."""
    settings, plans = workshop.settings, workshop.cloud.web().app_service_plans
    wanted = AppServicePlan(
        location=settings.region,
        kind="functionapp",
        sku=SkuDescription(name="Y1", tier="Dynamic"),
        properties=AppServicePlanProperties(reserved=False),
    )
    plans.begin_create_or_update(settings.names.resource_group, "on-windows", wanted).result()
    yield
    plans.delete(settings.names.resource_group, "on-windows")


# What has to be so


def assert_named_alone(workshop: Workshop, fault: Fault) -> None:
    """The doctor names the fault's problem, with its fix, and no other.

    Repaired, nothing is wrong any more.
    """
    with fault.breaks(workshop), patient():
        found = diagnose(workshop.session)
        is_down = workshop.session.absence() is not None
        if not is_down:
            assert_no_secret(workshop, found)
    if is_down:  # only now it can be asked for its secrets
        assert_no_secret(workshop, found)
    assert [one.problem.key for one in found.problems] == [fault.key], found.problems
    (diagnosis,) = found.problems
    assert fault.seen in diagnosis.seen and diagnosis.problem.fix in repr(found)
    assert tuple(check.what for check in found.checks if not check.ok) == fault.checks
    with patient():
        again = diagnose(workshop.session)
    assert again.ok is True, again


@contextmanager
def patient() -> Iterator[None]:
    """A doctor who waits for answers: on a busy machine some take longer than a person would."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(snapshot.LIMITS_S, "local", ANSWER_LIMIT_S)
        yield


def assert_no_secret(workshop: Workshop, found: Report) -> None:
    """Neither key nor token nor password stands in anything that the doctor shows."""
    shown = "\n".join(
        [*found.lines(), json.dumps(found.as_dict()), *found._repr_mimebundle_().values()]
    )
    assert not [secret for secret in _secrets(workshop) if secret in shown]
    assert masked(shown) == shown and "AccountKey=" not in shown and "AccessKey=" not in shown


def _secrets(workshop: Workshop) -> set[str]:
    """What nobody may see: values of settings, here and deployed as far as they are known, keys, a
    proxy's password.
    """
    settings, cloud = workshop.settings, workshop.cloud
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "localhost,127.0.0.1")
        keys = cloud.signalr().signal_r.list_keys(
            settings.names.resource_group, settings.names.signalr
        )
        deployed = (
            cloud.web()
            .web_apps.list_application_settings(
                settings.names.resource_group, settings.names.function_app
            )
            .properties
        )
        account = storage.account_key(workshop.session.stack())
    here: dict[str, str] = {}
    with suppress(AppFileDamaged):  # one of the faults
        here = local_settings.values(workshop.functions_folder)
    texts = {
        *(deployed or {}).values(),
        *here.values(),
        account,
        PASSWORD,
        str(keys.primary_key),
        str(keys.secondary_key),
    }
    parts = {
        part.partition("Key=")[2] for text in texts for part in text.split(";") if "Key=" in part
    }
    return {text for text in texts | parts if len(text) >= len(PASSWORD)}
