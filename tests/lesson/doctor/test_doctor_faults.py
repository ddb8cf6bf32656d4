"""Each known problem, brought about in a real workshop on the local cloud: the doctor names it,
with its fix, and no other.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatkit.core.errors import ChatkitError
from chatkit.knowledge.problems.recognition import recognise
from chatkit.steps.local_servers import FUNCTIONS
from chatkit.steps.local_settings import FILE
from chatkit.workshop import Workshop
from tests.lesson.doctor import doctor_faults as faults
from tests.lesson.doctor.doctor_faults import Fault, assert_named_alone
from tests.lesson.doctor.ready_workshop import at_section_08, edited
from tests.tiers import one_in

pytestmark = pytest.mark.slow
INFO, SEND, SETTING = "signalr_info.py", "send_message.py", "AzureSignalRConnectionString"
STORAGE = '"AzureWebJobsStorage": "'
EMPTY = '"AzureWebJobsStorage": "", "WEBSITE_RUN_FROM_PACKAGE": "'
CORS = '"CORS": "http://127.0.0.1'
RETURN = "func.HttpResponse(connection_info, "
OTHER_CASE = """connection_info.replace("url", "Url").replace("accessToken", "AccessToken"), """
WITH_USER = 'hubName="chat",\n    userId="{headers.x-ms-client-principal-name}",'
NOT_DECORATED = "@blueprint.signalr_output()\n@blueprint.function_name"
SOMEBODY = "https://somebody.example"

FAULTS = (
    Fault(
        "wildcard-with-credentials",
        "local.settings.json has CORS *",
        faults.file(FILE, CORS, '"CORS": "*", "was": "'),
    ),
    Fault(
        "wildcard-with-credentials",
        "and CORSCredentials False",
        faults.file(FILE, '"CORSCredentials": true', '"CORSCredentials": false'),
    ),
    Fault(
        "wildcard-with-credentials",
        "the function app allows the origin *",
        faults.cors("*", credentials=False),
    ),
    Fault(
        "many-hosts",
        "its * stands for nothing",
        faults.cors("https://*.somebody.example", page=True),
    ),
    Fault(
        "redirected-preflight",
        "the deployed page calls https://",
        faults.page_calls(lambda url: url.replace("http://", "https://")),
    ),
    Fault("cors-not-deployed", f"let {SOMEBODY} in", faults.cors(SOMEBODY)),
    Fault(
        "local-page-not-allowed",
        "the functions on this machine do not let",
        faults.closed_to_the_local_page,
    ),
    Fault(
        "negotiate-404",
        "and the page adds /api by itself",
        faults.page_calls(lambda url: f"{url}/api"),
    ),
    Fault(
        "negotiate-404", "the functions are at", faults.page_calls(lambda url: "http://localhost:1")
    ),
    Fault(
        "negotiate-404",
        "the route prefix from api to v1",
        faults.file("host.json", "{", '{"extensions":{"http":{"routePrefix":"v1"}},'),
    ),
    Fault(
        "negotiate-twice",
        "ends in /negotiate",
        faults.page_calls(lambda url: f"{url}/api/negotiate"),
    ),
    Fault(
        "negotiate-twice",
        "withUrl with /negotiate",
        faults.page_file("live.js", "{apiBaseUrl}/api`", "{apiBaseUrl}/api/negotiate`"),
    ),
    Fault(
        "template-answer",
        "answers a sentence, not JSON",
        faults.running(INFO, RETURN, 'func.HttpResponse("This HTTP function works", '),
    ),
    Fault(
        "template-answer",
        "still has the template's",
        faults.file(
            INFO, RETURN, f"{RETURN}# This HTTP triggered function executed successfully\n"
        ),
    ),
    Fault(
        "wrong-shape",
        "answers an empty body",
        faults.running(INFO, RETURN, 'func.HttpResponse("", '),
    ),
    Fault(
        "wrong-shape",
        "answers AccessToken, Url",
        faults.running(INFO, "connection_info, ", OTHER_CASE),
    ),
    Fault(
        "info-as-trigger",
        "the app does not load: ",
        faults.file(INFO, "generic_input_binding", "generic_trigger"),
    ),
    Fault(
        "client-in-function",
        "imports a SignalR client",
        faults.file(SEND, "import json", "import json\nfrom pysignalr.client import SignalRClient"),
    ),
    Fault(
        "handler-does-not-match",
        "sends 2 arguments",
        faults.file(SEND, '"arguments": [message]', '"arguments": [message["sender"], message]'),
    ),
    Fault(
        "handler-does-not-match",
        "calls message, the page listens",
        faults.file(SEND, '"newMessage"', '"message"'),
    ),
    Fault(
        "binding-name",
        "outMessages",
        faults.file(SEND, 'arg_name="signalr_messages"', 'arg_name="outMessages"'),
    ),
    Fault(
        "no-such-address",
        "no function in my-chat answers POST messages",
        faults.unregistered("app.register_functions(send_message", "(send_message"),
    ),
    Fault(
        "no-functions",
        "function_app.py in my-chat/functions has no functions",
        faults.unregistered("app.register_functions", "vars"),
    ),
    Fault(
        "settings-file-damaged",
        "host.json is damaged: it is not valid JSON",
        faults.file("host.json", "{", "{,"),
    ),
    Fault(
        "settings-file-damaged",
        'host.json must say "version": "2.0"',
        faults.file("host.json", '"2.0"', '"1.0"'),
    ),
    Fault(
        "settings-file-damaged",
        "local.settings.json is damaged",
        faults.file(FILE, CORS, CORS[1:]),
    ),
    Fault("drill", "The functions are down (functions-down", faults.drill("functions-down")),
    Fault("drill", "The storage is down (storage-down", faults.drill("storage-down")),
    Fault("drill", "Everything is slow (slow", faults.drill("slow")),
    Fault("may-not-write", "functions/send_message.py may not be read", faults.unreadable(SEND)),
    Fault(
        "bundle-missing",
        "host.json does not name",
        faults.file("host.json", '"extensionBundle"', '"bundle"'),
    ),
    Fault(
        "bundle-too-old",
        "the bundle [1.*, 2.0.0)",
        faults.file("host.json", "[4.*, 5.0.0)", "[1.*, 2.0.0)"),
    ),
    Fault("extension-conflict", "extensions.csproj installs", faults.added("extensions.csproj")),
    Fault(
        "other-host-version",
        "asks for the host ~3",
        faults.app_setting("FUNCTIONS_EXTENSION_VERSION", "~3"),
    ),
    Fault("other-language", "starts the app with node", faults.file(FILE, '"python"', '"node"')),
    Fault("python-version", "this is Python 3.9.18", faults.old_python, checks=("Python",)),
    Fault(
        "no-decorator",
        "has no attribute 'signalr_output'",
        faults.file(SEND, "@blueprint.function_name", NOT_DECORATED),
    ),
    Fault(
        "withdrawn-api",
        "calls the service's v1-preview API",
        faults.file(SEND, "import json", "import json  # /api/v1-preview/hub/chat"),
    ),
    Fault(
        "no-storage-here",
        "AzureWebJobsStorage in local.settings.json is empty",
        faults.file(FILE, STORAGE, EMPTY),
    ),
    Fault(
        "no-storage-here",
        "nothing answers at 127.0.0.1:1",
        faults.file(
            FILE,
            '"AzureWebJobsStorage": "',
            '"AzureWebJobsStorage": "BlobEndpoint=http://127.0.0.1:1;',
        ),
    ),
    Fault(
        "connection-string-missing",
        "but AzureSignalRConnection",
        faults.file(FILE, SETTING, "AzureSignalRConnection"),
    ),
    Fault("only-sample-settings", "there is local.settings.sample.json", faults.only_a_sample),
    Fault("settings-not-uploaded", f"{SETTING} not uploaded", faults.app_setting(SETTING, None)),
    Fault(
        "settings-not-uploaded",
        f"{SETTING} differs",
        faults.app_setting(
            SETTING, "Endpoint=https://x.service.signalr.net;AccessKey=k;Version=1.0;"
        ),
    ),
    Fault(
        "old-access-key",
        "that is none of the instance's",
        faults.regenerated_key,
        checks=("WebSocket",),
    ),
    Fault(
        "default-mode",
        "service mode is Default",
        faults.instance(faults.mode("Serverless"), **faults.mode("Default")),
        checks=("WebSocket",),
    ),
    Fault(
        "classic-mode",
        "service mode is Classic",
        faults.instance(faults.mode("Serverless"), **faults.mode("Classic")),
    ),
    Fault("connection-limit", "it answers 429", faults.full_house, checks=("WebSocket",)),
    Fault(
        "bill",
        "the instance's tier is Standard_S1",
        faults.instance(faults.tier("Free_F1"), **faults.tier("Standard_S1")),
        checks=("Cost",),
    ),
    Fault("app-stopped", "the function app is stopped", faults.stopped),
    Fault(
        "proxy-or-firewall",
        "a proxy is set, also for localhost",
        faults.swallowing_proxy,
        checks=("Proxy", "Subscription"),
    ),
    Fault(
        "no-principal-header",
        "reads the header of who is signed in",
        faults.file(INFO, 'hubName="chat",', WITH_USER),
    ),
    Fault(
        "wrong-function-json",
        "negotiate/function.json is there",
        faults.added("negotiate/function.json"),
    ),
    Fault("windows-group", "a plan for Windows: on-windows", faults.windows_plan),
    Fault(
        "not-running", "the local cloud is not running", faults.cloud_down, checks=("Local cloud",)
    ),
    Fault("port-taken", "AZURE_RESOURCE_MANAGER of this shell names port", faults.moved_port),
    Fault("app-folder-gone", "section 05 is done, and", faults.folder_gone),
    Fault(
        "app-does-not-load",
        "in send_message.py, line",
        faults.file(SEND, "import json", "import json("),
    ),
    Fault(
        "package-missing",
        "No module named 'not_a_package' in send_message.py, line",
        faults.file(SEND, "import json", "import json\nimport not_a_package"),
    ),
    Fault(
        "function-raises",
        "SendMessage on this machine raised, send_message.py, line ",
        faults.raising,
    ),
    Fault(
        "connection-string-damaged",
        "has no AccessKey",
        faults.file(FILE, "AccessKey=", "AccesKey="),
    ),
    Fault(
        "hubs-differ",
        "listen on hub chat, and SendMessage (send_message.py) sends to hub chatt",
        faults.file(SEND, 'hubName="chat"', 'hubName="chatt"'),
    ),
    Fault(
        "hubs-differ",
        "listen on hub tchat, and SendMessage (send_message.py) sends to hub chat",
        faults.running(INFO, 'hubName="chat"', 'hub_name="tchat"'),
    ),
    Fault(
        "hubs-differ",
        "the deployed SendMessage sends to hub chatt",
        faults.published(SEND, 'hubName="chat"', 'hub_name="chatt"'),
    ),
    Fault(
        "publish-failed",
        "the last deployment failed: send_message.py, line",
        faults.not_published(SEND, "import json", "import json\nimport not_a_package"),
    ),
    Fault(
        "publish-failed",
        "released without a function: 'SendMessage' is in error",
        faults.not_published(SEND, 'type="signalR"', 'type="signalRR"'),
    ),
    Fault("website-off", "section 08 is done, and", faults.website_off),
    Fault(
        "negotiate-404",
        "negotiate on this machine answers 404",
        faults.running(INFO, 'route="negotiate"', 'route="negotiation"'),
    ),
    Fault(
        "negotiate-404",
        "negotiate in the function app answers 404",
        faults.other_routes,
    ),
)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A workshop at the end of section 08.

    The functions on this machine run where a fault starts them.
    """
    with at_section_08(tmp_path_factory.mktemp("home")) as opened:
        opened.stop_functions()
        yield opened


@pytest.mark.parametrize("fault", one_in(4, FAULTS), ids=str)
def test_a_fault_is_named_with_its_fix_and_nothing_else(workshop: Workshop, fault: Fault) -> None:
    """What is seen is said, nothing secret is shown; repaired, there is nothing wrong any more."""
    assert_named_alone(workshop, fault)


HOST_WORDS = (
    ("bundle-too-old", "host.json", "[4.*, 5.0.0)", "[1.*, 2.0.0)"),
    ("settings-file-damaged", "host.json", "{", "{,"),
    ("app-does-not-load", SEND, "import json", "import json("),
    ("package-missing", SEND, "import json", "import json\nimport not_a_package"),
    ("other-language", FILE, '"python"', '"node"'),
    ("info-as-trigger", INFO, "generic_input_binding", "generic_trigger"),
    ("bundle-missing", "host.json", '"extensionBundle"', '"bundle"'),
    ("route-conflict", SEND, 'route="messages"', 'route="negotiate"'),
)


@pytest.mark.long
@pytest.mark.parametrize(("key", "name", "old", "new"), HOST_WORDS)
def test_what_the_host_prints_is_recognised(
    workshop: Workshop, key: str, name: str, old: str, new: str
) -> None:
    """In the error where it does not start, else in its log."""
    with edited(workshop.functions_folder / name, old, new):
        try:
            workshop.start_functions()
            said = workshop.session.servers.log(FUNCTIONS).read_text(encoding="utf-8")
        except ChatkitError as error:
            said = f"{error} {error.why}"
        finally:
            workshop.stop_functions()
    assert [one.key for one in recognise(said)][:1] == [key], said
