"""The runtime: extension bundle, interpreter, Core Tools, and what a local run needs."""

from __future__ import annotations

from chatkit.knowledge.problem import Problem

BUNDLE_FIX = "Write the range [4.*, 5.0.0) into host.json: the cell of section 03 does."

PROBLEMS = (
    Problem(
        key="bundle-too-old",
        title="The extension bundle is too old",
        cause="host.json names a range of the bundle that the host does not take any more, or"
        " whose version lacks SignalR bindings.",
        fix=BUNDLE_FIX,
        links=("MicrosoftDocs/azure-docs#64278", "Azure/azure-functions-core-tools#3364"),
        says=(
            r"does not meet the required minimum version",
            r"update your extension bundle reference",
            r"signalr\w{0,40}'? (was |is |were )?(not found|not supported).{0,40}bundle",
            r"bundle.{0,80}(does not|doesn't) (contain|have|include).{0,20}signalr",
            r"bundle version matching .{0,60}was not found",
            r"extension bundle .{0,80}(deprecated|end of (life|support)|no longer supported)",
            r"binding type\(s\) '[^']{0,60}' were not found in the configured extension bundle",
        ),
    ),
    Problem(
        key="bundle-not-loaded",
        title="The host cannot load its extensions",
        cause="The extension bundle could not be downloaded (no internet, a proxy, an interrupted"
        " download), or host.json or FUNCTIONS_WORKER_RUNTIME do not say what to load.",
        fix="Look at the network, delete the folder ~/.azure-functions-core-tools/Functions/"
        "ExtensionBundles, start again; workshop.write_local_settings() writes the runtime."
        " `chatkit func start` needs no download.",
        links=(
            "Azure/azure-functions-core-tools#3179",
            "Azure/azure-functions-host#6258",
            "Azure/azure-functions-extension-bundles#213",
            "Azure/azure-functions-core-tools#3274",
        ),
        says=(
            r"value cannot be null\.? \(?parameter( name:)? '?provider",
            r"error fetching version information for extension bundle",
            r"unable to (find or )?download extension bundle",
            r"(functionscdn\.azureedge\.net|cdn\.functions\.azure\.com)",
            r"extensionbundles.{0,200}(timed? ?out|canceled|failed|no such (host|device))",
            r"loading extension bundle .{0,60}failed",
        ),
    ),
    Problem(
        key="bundle-missing",
        title="The binding type signalR is not registered",
        cause="The SignalR bindings are an extension, which host.json has to name as a bundle.",
        fix="Run the cell of section 03 that writes host.json, then start or publish the"
        " functions anew.",
        links=(
            "Azure/azure-functions-signalrservice-extension#63",
            "MicrosoftDocs/azure-docs#15698",
        ),
        says=(
            r"binding type\(s\) '?\w{0,60}'? (of function '\w{1,80}' )?(are|is) not registered",
            r"please ensure the type is correct and the binding extension is installed",
            r"names no extension bundle|does not name .{0,40}extensionbundle",
            r"host\.json has no \"?extensionbundle",
            r"(id|version) property in extensionbundle section of host\.json file is invalid or"
            r" missing",
        ),
    ),
    Problem(
        key="extension-conflict",
        title="With SignalR added, no function works any more",
        cause="Extensions were installed one by one beside the bundle, and their versions exclude"
        " each other.",
        fix="Keep the bundle, delete extensions.csproj and the folders bin and obj.",
        links=("Azure/azure-functions-signalrservice-extension#123",),
        says=(
            r"could not load (file or assembly|type) .{0,80}(signalr|webjobs)",
            r"(error|exception).{0,80}(configuring|loading) .{0,40}extension.{0,80}signalr",
            r"method not found.{0,120}signalr",
            r"extensions\.csproj.{0,120}(error|failed|not compatible)",
        ),
    ),
    Problem(
        key="other-host-version",
        title="Cannot bind parameter connectionInfo, in Azure only",
        cause="The function app runs another version of the Functions host, and of its"
        " extensions, than this machine.",
        fix="Set the app setting FUNCTIONS_EXTENSION_VERSION to ~4 (or remove it) and publish"
        " again.",
        links=("MicrosoftDocs/azure-docs#43744", "MicrosoftDocs/azure-docs#47123"),
        says=(
            r"cannot bind parameter '?(connection_?info|signalr\w*)'?",
            r"functions_extension_version.{0,80}(invalid|not supported|~[123]\b|out of support)",
            r"publish to a non-v4 function app",
            r"(invalid|unsupported) extension version '?~?\d",
        ),
    ),
    Problem(
        key="other-language",
        title="The host starts and ends at once",
        cause="It was told to run the app with a language version that it does not support, or"
        " not with Python at all.",
        fix="FUNCTIONS_WORKER_RUNTIME is python: workshop.write_local_settings(). For Node, use a"
        " version the host supports.",
        links=("anthonychu/AzureAdvocates.WebJobs.Extensions.SignalRService#1",),
        says=(
            r"(incompatible|unsupported) node(\.?js)? version",
            r"node(\.?js)? (version )?v?\d[\d.]{0,20} .{0,40}(is not supported|unsupported)",
            r"runtime you are using .{0,20}supports node",
            r"functions_worker_runtime (is|was|has|setting).{0,80}",
            r"worker runtime (cannot be|is not set|is not specified|is required)",
            r"your worker runtime is not set",
            r"can'?t determine project language",
            r"(missing|no) worker (config|runtime).{0,60}",
            r"worker runtime .{0,60}(does not match|mismatch)",
        ),
    ),
    Problem(
        key="python-version",
        title="Python 3.x to 3.y is required",
        cause="The interpreter is older or newer than what runs the app: the kit needs 3.11 or"
        " newer, Core Tools 4.8 take 3.10 to 3.14, Azure runs 3.10 to 3.14 (3.10 until October"
        " 2026).",
        fix="Use Python 3.11 to 3.14, the same here and in Azure"
        " (https://learn.microsoft.com/azure/azure-functions/supported-languages): remove .venv"
        " and start `chatkit lab` with it.",
        links=(
            "Azure/azure-functions-core-tools#4283",
            "Azure/azure-functions-core-tools#4810",
            "Azure/azure-functions-python-worker#1701",
        ),
        says=(
            r"python 3\.\d+(\.x)? ?(to|-|and) ?(python )?3\.\d+(\.x)? is required",
            r"python (version )?3\.\d[\d.]{0,20} .{0,60}(not supported|unsupported|is required"
            r"|end of life|different from the version)",
            r"(could not|cannot|unable to) find a python (version|interpreter)",
            r"chatkit needs python",
            r"requires.python.{0,40}>=",
            r"requires a different python",
            r"local python version .{0,40} is different",
            r"invalid version: .{0,60}supported versions for runtime python",
        ),
    ),
    Problem(
        key="python-not-found",
        title="There is no Python there",
        cause="The program that starts the app finds no interpreter on the PATH, or the one of an"
        " environment that was moved or deleted.",
        fix="Activate an environment (`source .venv/bin/activate`), or install Python 3.11 to"
        " 3.14; when .venv was moved, delete it and start `python3 -m chatkit lab`.",
        links=("Azure/azure-functions-python-worker#229", "Azure/azure-functions-core-tools#2979"),
        says=(
            r"'?python3?'? is not recogni[sz]ed",
            r"python3?: (command )?not found",
            r"no python at ['\"]",
            r"python was not found; run without arguments",
            r"bad interpreter: .{0,200}no such file",
            r"failed to start language worker",
        ),
    ),
    Problem(
        key="tool-not-found",
        title="A tool is not installed",
        cause="The command is not on the PATH of this terminal.",
        fix="The kit does without: `chatkit func start` in place of `func start`, `chatkit az` for"
        " az where az is installed elsewhere (CHATKIT_AZ). Otherwise install the tool and open a"
        " new terminal.",
        links=("Azure/azure-functions-core-tools#2979",),
        says=(
            r"\b(func|az|azd|node|npm|uv|jupyter|git|docker|chatkit|asrs-emulator|azurite)\b'?:?"
            r" (command )?not found",
            r"command not found: (func|az|azd|node|npm|uv|jupyter|git|docker|chatkit"
            r"|asrs-emulator|azurite)\b",
            r"'(func|az|azd|node|npm|uv|jupyter|git|chatkit|azurite)'.{0,20} is not recogni[sz]ed",
            r"the term '(func|az|azd|node|npm|uv|jupyter|git|chatkit)' is not recogni[sz]ed",
            r"no module named '?azure\.cli",
        ),
    ),
    Problem(
        key="no-template",
        title="No template SignalRNegotiateHTTPTrigger for Python",
        cause="Core Tools have SignalR templates for other languages only.",
        fix="Write the function by hand, as the cell of section 04 does: an HTTP route with a"
        " generic input binding.",
        links=("MicrosoftDocs/azure-docs#85598",),
        says=(
            r"can'?t find template .{0,60}signalr",
            r"(unknown|no such|could not find) template.{0,40}signalr",
            r"signalrnegotiatehttptrigger",
        ),
    ),
    Problem(
        key="no-decorator",
        title="Python has no decorator for SignalR",
        cause="The Python v2 model knows the SignalR bindings as generic bindings only.",
        fix='Use generic_input_binding(type="signalRConnectionInfo") and'
        ' generic_output_binding(type="signalR"), as in 04 and 05.',
        links=("Azure/azure-functions-python-worker#1410", "MicrosoftDocs/azure-docs#111844"),
        says=(
            r"has no attribute '?\w*signal_?r\w*",
            r"signalr\w{0,40} (is )?not a valid (decorator|binding)",
        ),
    ),
    Problem(
        key="withdrawn-api",
        title="Messages time out since some day",
        cause="Something still calls the v1-preview REST API of the service, which was withdrawn.",
        fix="Send through the output binding, or call /api/hubs/… with api-version=2022-06-01.",
        links=(
            "Azure-Samples/signalr-service-quickstart-serverless-chat#3",
            "Azure/azure-signalr#372",
        ),
        says=(
            r"/api/v1-preview/",
            r"v1-preview.{0,80}(time|withdrawn|404|gone)",
            r"service\.signalr\.net:500[12]\b",
        ),
    ),
    Problem(
        key="no-storage-here",
        title="The storage of a local run does not answer",
        cause="The storage that a local run needs does not run, or AzureWebJobsStorage is empty"
        " or no connection string.",
        fix="`chatkit local up` starts it, workshop.write_local_settings() writes where it is;"
        " then start the functions anew.",
        links=("MicrosoftDocs/azure-docs#109979", "Azure/azure-functions-core-tools#1592"),
        says=(
            r"(127\.0\.0\.1|localhost)[:,']{0,2} ?(port[= ]{1,2})?1000[012]\b",
            r"(the )?listener for (the )?function .{0,80}(was )?unable to start",
            r"missing value for azurewebjobsstorage",
            r"settings must be of the form \"?name=value",
            r"'?(storage|dashboard)'? connection string is missing or empty",
            r"azurewebjobsstorage'?.{0,60}(empty|missing|not found|is required|does not exist"
            r"|invalid|unable|unhealthy)",
            r"(unable to|cannot) (create client for|access) .{0,20}azurewebjobsstorage",
            r"value cannot be null\.? \(?parameter( name:)? '?(connectionstring|storageaccount)",
            r"usedevelopmentstorage.{0,80}(refused|fail|not running)",
            r"storage emulator (is not|isn't) (running|installed)",
        ),
    ),
)
