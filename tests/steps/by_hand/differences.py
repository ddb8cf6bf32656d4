"""In what a step by hand differs from the verb, and why."""

from __future__ import annotations

# A path of names, as a regular expression, and the reason.
DIFFERENCES: dict[str, list[tuple[str, str]]] = {
    "az": [
        (r"signalR/properties/features/1/.+", "az says that messages are not logged: the default"),
        (r"signalR/properties/networkACLs/defaultAction", "az says Allow; there is no other rule"),
        (r"serverfarms(/.+)?", "az makes the plan together with the app, not before it"),
        (r"sites/properties/serverFarmId", "az chooses the plan's name"),
        (
            r"app/settings/(AzureWebJobsStorage|DEPLOYMENT_STORAGE_CONNECTION_STRING)",
            "az names the cloud's suffix of storage addresses, the kit the account's own address",
        ),
        (
            r"(sites/properties/siteConfig|app/web/properties)/http20Enabled",
            "az sends the whole configuration for CORS",
        ),
        (r"app/roles/.+", "az gives the app one more role where its package is"),
        (r"account/page/.+/type", "az knows types of files by itself, without their charset"),
    ],
    "python": [],
    "rest": [],
}
