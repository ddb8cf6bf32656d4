"""Deployment: publishing the functions, and what an app does after it."""

from __future__ import annotations

from chatkit.knowledge.problem import Problem

PROBLEMS = (
    Problem(
        key="publishing-refused",
        title="Publishing is not allowed",
        cause="The deployment endpoint (SCM) refuses: publishing with a password is switched off,"
        " this account has no rights on the site, or the network is not let in.",
        fix="Sign in with Entra ID (`az login`) and publish with the kit; the account needs Website"
        " Contributor on the function app.",
        links=("microsoft/vscode-azurefunctions#1859",),
        says=(
            r"\b(deployment endpoint|scm|kudu|publish|deploy).{0,160}"
            r"(status code|status|http|code)?[ :']{1,3}(401|403)\b",
            r"\b(401|403)\b.{0,120}\.scm\.azurewebsites",
            r"basic auth(entication)? .{0,60}(disabled|not allowed|scm)",
            r"(deploy|publish).{0,120}(forbidden|unauthorized)",
            r"\.scm\.azurewebsites\.net.{0,160}(401|403|unauthorized|forbidden)",
        ),
    ),
    Problem(
        key="other-publishing",
        title="The package was sent to an address that is not there",
        cause="Flex Consumption takes packages at /api/publish; an older tool, or one that takes"
        " the app for another plan, sends them to /api/zipdeploy, which answers 404.",
        fix="workshop.publish_functions(), or `az functionapp deployment source config-zip` of a"
        " present az; in a pipeline, the option for Flex Consumption.",
        links=(
            "Azure/functions-action#277",
            "microsoft/azure-pipelines-tasks#20870",
            "hashicorp/terraform-provider-azurerm#29630",
        ),
        says=(
            r"failed to use .{1,120} as (zip|one)deploy content",
            r"(deploy|publish)\w{0,4} .{0,120}(\(code: 404\)|status code 404)",
            r"zipdeploy.{0,120}\b404\b",
        ),
    ),
    Problem(
        key="package-refused",
        title="The package was refused",
        cause="The zip has something in it that must not be unpacked, is damaged or too large, or"
        " requirements.txt names something that cannot be installed.",
        fix="workshop.package_files() lists what is sent; correct requirements.txt, then"
        " workshop.publish_functions().",
        links=("Azure/azure-functions-core-tools#2163",),
        codes=("PublishRefused", "PackageInvalid"),
        says=(
            r"the package was refused",
            r"the package (has (a|an|the|no|more than|\d+)|is not a valid zip|is encrypted"
            r"|cannot be unpacked|would unpack|uses a zip feature"
            r"|at \S{1,300} cannot be fetched)\b",
            r"host\.json is not at the root of the package",
            r"requirements\.txt (could not be installed|is not a requirement)",
            r"of requirements\.txt is not a requirement",
            r"(deployment|build|oryx|remote|kudu).{0,300}no matching distribution found",
            r"(zip|oneDeploy|remote build|oryx|build) .{0,40}(deploy\w* )?fail(ed|ure)",
            r"looks like a secret",
            r"failed to deploy (path|web package|the)",
            r"resolutionimpossible",
        ),
    ),
    Problem(
        key="publish-failed",
        title="Not all that you published runs",
        cause="A version that cannot be built or does not start is not released: the app goes on"
        " with the version before it, where there is one. Of a version that is released, a function"
        " with a wrong binding is left out.",
        fix="Correct what the deployment names in my-chat/functions; a module that it does not find"
        " belongs into requirements.txt. Then workshop.publish_functions().",
        links=(
            "microsoft/azure-pipelines-tasks#22315",
            "https://learn.microsoft.com/azure/azure-functions/functions-deployment-technologies",
        ),
        says=(
            r"\bdeployment (has )?failed\b",
            r"\bthe deployment was (cancelled|in conflict with another one|only partly done)\b",
            r"an old version of the app is still serving",
        ),
    ),
    Problem(
        key="setting-not-for-flex",
        title="Flex Consumption does not take this app setting",
        cause="Settings that other plans have (FUNCTIONS_WORKER_RUNTIME,"
        " WEBSITE_RUN_FROM_PACKAGE, ...) are properties of the app in Flex Consumption.",
        fix="Leave the setting out: workshop.upload_settings() uploads only those that belong"
        " there.",
        links=("https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan",),
        says=(
            r"for flex consumption sites? (is|are) (invalid|not allowed|not supported)",
            r"app setting .{0,120}flex consumption",
        ),
    ),
    Problem(
        key="deployment-running",
        title="Another deployment runs",
        cause="A site takes one deployment at a time; the one before has not ended.",
        fix="Wait a minute and publish again.",
        links=(
            "https://learn.microsoft.com/azure/azure-functions/functions-deployment-technologies",
        ),
        says=(
            r"(another|a) deployment .{0,40}(in progress|running|not finished)",
            r"deployment (is )?already in progress",
            r"auto swap deployment|ongoing deployment",
        ),
    ),
    Problem(
        key="host-not-running",
        title="The host of the app does not run",
        cause="The app was never deployed, is starting, or does not load: what asks its host (keys,"
        " triggers, functions) gets no answer.",
        fix="Publish first (workshop.publish_functions()), then read the keys. If it is published,"
        " `chatkit logs` has why it does not load; AzureWebJobsStorage has to be right, too.",
        links=(
            "Azure/azure-functions-core-tools#2205",
            "Azure/azure-functions-core-tools#1780",
            "Azure/azure-functions-python-worker#1151",
            "Azure/Azure-Functions#1170",
        ),
        says=(
            r"encountered an error \(\w+\) from host runtime",
            r"error calling sync triggers",
            r"fail(ed)? to (fetch|get|list|retrieve) .{0,20}(host|function|system) keys?",
            r"(functions? )?runtime is unreachable",
            r"function host is not running",
            r"host is (offline|not running)",
            r"\b503\b.{0,120}(azurewebsites|host|service unavailable)",
            r"synctriggers.{0,120}(40\d|50\d|not found|fail)",
            r"the app could not start; its log shows why",
            r"every url but / answers 503",
        ),
        may_say=(r"\bservice unavailable\b", r"\b503\b"),
    ),
    Problem(
        key="app-stopped",
        title="The function app is stopped",
        cause="Clients are connected to SignalR Service, not to the functions: they stay connected"
        " while the app is stopped. That is so by design in Serverless mode.",
        fix="Start the function app (in the portal, or `az functionapp start`); a page that has to"
        " know asks one of its functions from time to time.",
        links=("aspnet/AzureSignalR-samples#263",),
        says=(
            r"(still|stays?|remains?|says) .?connected.{0,60}(backend|functions?|server"
            r"|app)\b.{0,30}(down|stopped|off|gone)",
            r"this web app is stopped",
            r"the web app .{0,80}(is )?(currently )?stopped",
            r"site .{0,40}(is )?(stopped|disabled)\b",
        ),
    ),
    Problem(
        key="app-unhealthy",
        title="The new version does not run",
        cause="The package arrived, and the app does not answer with it; the old version stays"
        " where there is one.",
        fix="`chatkit logs` has the exception, with file and line. Correct it and publish again.",
        links=("Azure/azure-functions-core-tools#2163",),
        says=(
            r"deployment was (partially )?successful but",
            r"app (appears to be )?unhealthy",
            r"(site|worker|container) .{0,60}failed to start",
            r"site startup probe failed",
            r"timed out waiting for the (function )?app",
        ),
    ),
    Problem(
        key="passing-trouble",
        title="Azure had a passing trouble",
        cause="A service of Azure did not answer in time, or failed inside.",
        fix="Run the cell again: every step can be repeated. If it stays, look at"
        " https://status.azure.com.",
        links=("https://azure.status.microsoft",),
        codes=("GatewayTimeout", "ServerTimeout", "InternalServerError", "ServiceUnavailable"),
        says=(
            r"gateway did not receive a response",
            r"gateway time-?out",
            r"upstream connect error",
            r"the gateway .{0,60}timed? ?out",
            r"\b(502 bad gateway|504 gateway time.?out)\b",
        ),
    ),
    Problem(
        key="connection-broke",
        title="The connection broke",
        cause="The connection broke before an answer came.",
        fix="Run the cell again: every step can be repeated.",
        links=("Azure/azure-functions-core-tools#1009",),
        says=(
            r"remote end closed connection without response",
            r"connection (was )?(aborted|broken|reset by peer)",
            r"(incompleteread|remotedisconnected|serverdisconnectederror|connectionreseterror)",
            r"server disconnected\b",
            r"socket hang up|\beconnreset\b|broken ?pipe",
            r"unexpected_eof|unexpected eof",
        ),
    ),
    Problem(
        key="no-answer",
        title="Nothing answers there",
        cause="Nothing answers at the address, or the way to it is interrupted.",
        fix="`workshop = Workshop.open()` connects anew; if that does not help, look at network and"
        " proxy: workshop.doctor() does.",
        links=("Azure/azure-cli#21696",),
        may_say=(
            r"max retries exceeded",
            r"(read|connect|connection|operation|request) (has )?timed ?out",
            r"(connect|read)timeout(error)?\b",
            r"connection ?error\b",
            r"servicerequesterror",
        ),
    ),
)
