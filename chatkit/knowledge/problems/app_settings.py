"""Settings: the connection string, on this machine and in the function app."""

from __future__ import annotations

from chatkit.knowledge.problem import Problem

PROBLEMS = (
    Problem(
        key="connection-string-missing",
        title="The connection string must be set",
        cause="AzureSignalRConnectionString is missing where the app runs, or has another name"
        " there.",
        fix="workshop.write_local_settings() writes it on this machine under its right name,"
        " workshop.upload_settings() into the deployed app.",
        links=(
            "MicrosoftDocs/azure-docs#41029",
            "MicrosoftDocs/azure-docs#28140",
            "Azure/azure-functions-host#5029",
        ),
        says=(
            r"signalr (service )?connection ?string (or endpoints )?(must|has to|needs to|should"
            r"|are not|is not|was not|cannot)",
            r"keyerror: '?azuresignalrconnectionstring",
            r"azuresignalrconnectionstring'? (is |was )?(missing|empty|not (set|found"
            r"|configured|defined)|does not exist)",
            r"(unable to resolve|cannot find|missing|could not find|no (app )?setting)"
            r" .{0,80}azuresignalrconnectionstring",
            r"unable to resolve the value for property 'signalr",
            r"connectionstringsetting'?\. make sure the setting exists",
            r"no connection string (was )?(specified|found).{0,60}signalr",
        ),
    ),
    Problem(
        key="connection-string-damaged",
        title="The connection string is not whole",
        cause="A part of it was lost or changed when it was copied: Endpoint, AccessKey, Version,"
        " the semicolons between them, or quotation marks around it.",
        fix="workshop.write_local_settings() and workshop.upload_settings() write it as the"
        " service gives it.",
        links=("MicrosoftDocs/azure-docs#28140",),
        says=(
            r"connection ?string.{0,40}missing required propert",
            r"connection string has (no|an (invalid|unsupported|unknown)|a part without)",
            r"duplicate properties found in connection string",
            r"(endpoint|accesskey|version).{0,40}property in (the )?connection string.{0,40}"
            r"(invalid|not valid|missing)",
            r"invalid value for .{0,20}(endpoint|port) property",
            r"idx10720",
            r"azuresignalrconnectionstring.{0,20}: .{0,80}(no valid|invalid|unsupported)",
        ),
    ),
    Problem(
        key="only-sample-settings",
        title="Only local.settings.sample.json is there",
        cause="The sample's settings have to be copied to local.settings.json; the instruction is"
        " easily overlooked.",
        fix="workshop.write_local_settings() writes local.settings.json; the sample can go.",
        links=("MicrosoftDocs/azure-docs#49734",),
        says=(
            r"local\.settings\.(sample|example)\.json",
            r"(cannot|can't|could not|unable to) (find|open) (?!project root).{0,80}"
            r"local\.settings\.json",
            r"local\.settings\.json (is|was) (missing|not found)",
        ),
    ),
    Problem(
        key="settings-file-damaged",
        title="A settings file is not what it should be",
        cause="local.settings.json, host.json or the page's config.json cannot be read: a comma, a"
        " bracket or a quotation mark is wrong, it is not UTF-8, or a value in it is not allowed.",
        fix="The message names line and column. Or rename the file and write it anew:"
        " workshop.write_local_settings() writes local.settings.json, the cell of section 03"
        " host.json, workshop.prepare_page() config.json.",
        links=("Azure/azure-functions-core-tools#1592",),
        says=(
            r"(host|local\.settings)\.json.{0,60}(is not valid json|unable to parse|cannot be read"
            r"|is not utf-8|is damaged|must hold|must say|invalid json|unexpected (character|end))",
            r"in host\.json (must|has a header that cannot)",
            r"(local\.settings|host)\.json is encrypted",
            r"unable to parse (host configuration file|host\.json|local\.settings)",
            r"newtonsoft\.json.{0,120}(unexpected|invalid|unterminated|after parsing)",
            r"the host\.json file is missing the required 'version'",
            r"(decrypt|encrypted).{0,80}local\.settings",
        ),
    ),
    Problem(
        key="old-access-key",
        title="Authorization failed with AccessKey, and negotiate works",
        cause="The access key is an old one: negotiate only signs with it, the service checks it"
        " when a client connects or a message is sent.",
        fix="workshop.write_local_settings(), workshop.upload_settings(), then stop and start the"
        " functions.",
        links=("Azure/azure-signalr#1479",),
        says=(
            r"authorization failed.{0,160}access ?key",
            r"access ?key.{0,160}authorization failed",
            r"\b401\b.{0,80}accesskey",
            r"azuresignalrunauthorizedexception",
            r"idx1050[0-9]|idx10511|idx10517",
            r"signature (validation|verification) failed",
            r"invalidsignatureerror",
            r"invalid signature",
        ),
    ),
    Problem(
        key="keys-disabled",
        title="The service takes no keys",
        cause="Local authentication is off: SignalR Service takes tokens of Entra ID only, and"
        " this connection has a key.",
        fix="The deployed app needs no key. For a local run switch keys on again: `az signalr"
        " update --name NAME --resource-group GROUP --disable-local-auth false`.",
        links=("Azure/azure-functions-signalrservice-extension#269",),
        codes=("LocalAuthDisabled",),
        says=(
            r"local auth(entication)? (is|was|has been) disabled",
            r"disablelocalauth.{0,40}true",
        ),
    ),
    Problem(
        key="settings-not-uploaded",
        title="It works here, deployed it answers 500",
        cause="local.settings.json is never deployed: the function app lacks a setting or has"
        " another value; or the function itself raises there.",
        fix="workshop.upload_settings() uploads them and keeps all others. If they are there,"
        " `chatkit logs` has the function's own error, with file and line.",
        links=("Azure/Azure-Functions#1835", "microsoft/vscode-azurefunctions#4977"),
        may_say=(
            r"(negotiat|azurewebsites\.net).{0,200}\b500\b",
            r"\b500\b( \(?internal server error\)?)?.{0,160}(negotiate|azurewebsites\.net)",
            r"negotiat.{0,160}internal server error",
            r"\b500 \(?internal server error\)?",
            r"(status code|http|error)( error)?:? '?500\b",
        ),
    ),
)
