"""What plans and sites of Microsoft.Web have in common, and the shapes they are kept in."""

from __future__ import annotations

from typing import NotRequired, TypedDict, TypeVar

from chatkit.localcloud.core.etags import new_ticks
from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.documents import JsonObject, Resource
from chatkit.localcloud.resource_manager.core.provider import ResourceType

LOCATIONS = "Microsoft.Web/locations"
VERSIONS = (
    *("2025-05-01", "2025-03-01", "2024-11-01", "2024-04-01", "2023-12-01", "2023-01-01"),
    *("2022-09-01", "2022-03-01", "2021-03-01", "2021-02-01", "2021-01-15", "2021-01-01"),
    *("2020-12-01", "2020-10-01", "2020-09-01", "2020-06-01", "2019-08-01", "2018-11-01"),
    *("2018-02-01", "2017-08-01", "2016-09-01", "2016-08-01", "2016-03-01", "2015-08-01"),
)
FLEX = "FlexConsumption"
NO_FLEX = {"ukwest", "japanwest", "southindia", "australiasoutheast", "brazilsouth"}


class WebDocument(Resource):
    """A plan or a site."""

    kind: str
    etag: str


class PlanSku(TypedDict):
    """A plan's tier."""

    name: str
    tier: str
    size: str
    family: str
    capacity: int


class Plan(WebDocument):
    """A plan as it is kept."""

    sku: PlanSku
    reserved: bool
    created: str


class ConnectionString(TypedDict):
    """A connection string of an app."""

    value: str
    type: NotRequired[str]


class Ports(TypedDict):
    """Of the app and of its deployment endpoint."""

    site: int
    scm: int


class Policies(TypedDict):
    """Whether publishing credentials are taken."""

    scm: bool
    ftp: bool


class HostKeys(TypedDict):
    """Keys of an app's host."""

    masterKey: str
    functionKeys: dict[str, str]
    systemKeys: dict[str, str]


class SlotNames(TypedDict, total=False):
    """Names of settings that stay with a slot."""

    connectionStringNames: list[str] | None
    appSettingNames: list[str] | None
    azureStorageConfigNames: list[str] | None


class Site(WebDocument):
    """A function app as it is kept.

    `ports` and `modified` are there as soon as it is saved. `config`, `function_app_config` and
    `authentication` are Azure's own documents (config/web, functionAppConfig, authsettingsV2),
    and `logs` what was written of config/logs.
    """

    plan_id: str
    sku: str
    app_settings: dict[str, str]
    connection_strings: dict[str, ConnectionString]
    config: JsonObject
    function_app_config: JsonObject | None
    authentication: JsonObject | None
    https_only: bool
    enabled: bool
    policies: Policies
    host_keys: HostKeys
    function_keys: dict[str, dict[str, str]]
    publishing_password: str
    verification_id: str
    slot_names: NotRequired[SlotNames]
    logs: NotRequired[JsonObject]
    ports: NotRequired[Ports]
    modified: NotRequired[str]


D = TypeVar("D", bound=WebDocument)


class WebResource(ResourceType[D]):
    """A resource type whose refusals have Microsoft.Web's shape and whose answers an ETag."""

    registration = "on use"
    created_status = 200

    def headers(self, document: D) -> dict[str, str]:
        """The ETag."""
        return etag_header(document)

    def invalid_name(self, name: str) -> errors.ArmError:
        """400 in the words of the provider."""
        return errors.web_error(400, "BadRequest", self.name_rule.format(name=name))

    @classmethod
    def name_taken(cls, name: str) -> errors.ArmError:
        """409 in the words of the provider."""
        message = f"Website with given name {name} already exists."
        return errors.web_error(409, "Conflict", message, name, extended_code="54001")

    def location_changed(self, old: D, wanted: str) -> errors.ArmError:
        """409 in the words of the provider."""
        return errors.ArmError(
            409,
            "InvalidResourceLocation",
            f"The resource '{old['name']}' already exists in location '{old['location']}'.",
        )


def new_etag() -> str:
    """An ETag as Microsoft.Web makes them: time in hexadecimal."""
    return f"{new_ticks():X}"


def etag_header(document: WebDocument) -> dict[str, str]:
    """The header that shows a document's ETag."""
    return {"ETag": f'"{document["etag"]}"'}
