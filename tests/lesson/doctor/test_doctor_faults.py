"""Each known problem, brought about in a real workshop on the local cloud: the doctor names it,
with its fix, and no other.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatkit.steps.local_settings import FILE
from chatkit.workshop import Workshop
from tests.lesson.doctor import doctor_faults as faults
from tests.lesson.doctor.doctor_faults import Fault, assert_named_alone
from tests.lesson.doctor.ready_workshop import at_section_08
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
    Fault(1, "local.settings.json has CORS *", faults.file(FILE, CORS, '"CORS": "*", "was": "')),
    Fault(
        1,
        "and CORSCredentials False",
        faults.file(FILE, '"CORSCredentials": true', '"CORSCredentials": false'),
    ),
    Fault(1, "the function app allows the origin *", faults.cors("*", credentials=False)),
    Fault(2, "its * stands for nothing", faults.cors("https://*.somebody.example", page=True)),
    Fault(
        4,
        "the deployed page calls https://",
        faults.page_calls(lambda url: url.replace("http://", "https://")),
    ),
    Fault(5, f"let {SOMEBODY} in", faults.cors(SOMEBODY)),
    Fault(7, "the functions on this machine do not let", faults.closed_to_the_local_page),
    Fault(8, "and the page adds /api by itself", faults.page_calls(lambda url: f"{url}/api")),
    Fault(8, "the functions are at", faults.page_calls(lambda url: "http://localhost:1")),
    Fault(
        8,
        "the route prefix from api to v1",
        faults.file("host.json", "{", '{"extensions":{"http":{"routePrefix":"v1"}},'),
    ),
    Fault(9, "ends in /negotiate", faults.page_calls(lambda url: f"{url}/api/negotiate")),
    Fault(
        9,
        "withUrl with /negotiate",
        faults.page_file("live.js", "{apiBaseUrl}/api`", "{apiBaseUrl}/api/negotiate`"),
    ),
    Fault(
        10,
        "answers a sentence, not JSON",
        faults.running(INFO, RETURN, 'func.HttpResponse("This HTTP function works", '),
    ),
    Fault(
        10,
        "still has the template's",
        faults.file(
            INFO, RETURN, f"{RETURN}# This HTTP triggered function executed successfully\n"
        ),
    ),
    Fault(11, "answers an empty body", faults.running(INFO, RETURN, 'func.HttpResponse("", ')),
    Fault(11, "answers AccessToken, Url", faults.running(INFO, "connection_info, ", OTHER_CASE)),
    Fault(
        12,
        "has signalRConnectionInfo in generic_trigger",
        faults.file(INFO, "generic_input_binding", "generic_trigger"),
    ),
    Fault(
        13,
        "imports a SignalR client",
        faults.file(SEND, "import json", "import json\nfrom pysignalr.client import Client"),
    ),
    Fault(
        14,
        "sends 2 arguments",
        faults.file(SEND, '"arguments": [message]', '"arguments": [message["sender"], message]'),
    ),
    Fault(14, "calls message, the page listens", faults.file(SEND, '"newMessage"', '"message"')),
    Fault(
        15,
        "the function has no such parameter",
        faults.file(SEND, 'arg_name="signalr_messages"', 'arg_name="outMessages"'),
    ),
    Fault(16, "host.json does not name", faults.file("host.json", '"extensionBundle"', '"bundle"')),
    Fault(17, "the bundle [1.*, 2.0.0)", faults.file("host.json", "[4.*, 5.0.0)", "[1.*, 2.0.0)")),
    Fault(18, "extensions.csproj installs", faults.added("extensions.csproj")),
    Fault(19, "asks for the host ~3", faults.app_setting("FUNCTIONS_EXTENSION_VERSION", "~3")),
    Fault(20, "starts the app with node", faults.file(FILE, '"python"', '"node"')),
    Fault(21, "this is Python 3.9.18", faults.old_python, checks=("Python",)),
    Fault(
        23,
        "has a decorator signalr_output",
        faults.file(SEND, "@blueprint.function_name", NOT_DECORATED),
    ),
    Fault(
        24,
        "calls the service's v1-preview API",
        faults.file(SEND, "import json", "import json  # /api/v1-preview/hub/chat"),
    ),
    Fault(
        25, "AzureWebJobsStorage in local.settings.json is empty", faults.file(FILE, STORAGE, EMPTY)
    ),
    Fault(
        25,
        "nothing answers at 127.0.0.1:1",
        faults.file(
            FILE,
            '"AzureWebJobsStorage": "',
            '"AzureWebJobsStorage": "BlobEndpoint=http://127.0.0.1:1;',
        ),
    ),
    Fault(26, "but AzureSignalRConnection", faults.file(FILE, SETTING, "AzureSignalRConnection")),
    Fault(27, "there is local.settings.sample.json", faults.only_a_sample),
    Fault(28, f"{SETTING} not uploaded", faults.app_setting(SETTING, None)),
    Fault(
        28,
        f"{SETTING} differs",
        faults.app_setting(
            SETTING, "Endpoint=https://x.service.signalr.net;AccessKey=k;Version=1.0;"
        ),
    ),
    Fault(29, "that is none of the instance's", faults.regenerated_key, checks=("WebSocket",)),
    Fault(
        30,
        "service mode is Default",
        faults.instance(faults.mode("Serverless"), **faults.mode("Default")),
    ),
    Fault(
        31,
        "service mode is Classic",
        faults.instance(faults.mode("Serverless"), **faults.mode("Classic")),
    ),
    Fault(32, "it answers 429", faults.full_house, checks=("WebSocket",)),
    Fault(
        33,
        "the instance's tier is Standard_S1",
        faults.instance(faults.tier("Free_F1"), **faults.tier("Standard_S1")),
        checks=("Cost",),
    ),
    Fault(34, "the function app is stopped", faults.stopped),
    Fault(
        36,
        "a proxy is set, also for localhost",
        faults.swallowing_proxy,
        checks=("Proxy", "Subscription"),
    ),
    Fault(
        37, "reads the header of who is signed in", faults.file(INFO, 'hubName="chat",', WITH_USER)
    ),
    Fault(38, "negotiate/function.json is there", faults.added("negotiate/function.json")),
    Fault(47, "a plan for Windows: on-windows", faults.windows_plan),
    Fault(48, "the local cloud is not running", faults.cloud_down, checks=("Local cloud",)),
    Fault(49, "AZURE_RESOURCE_MANAGER of this shell names port", faults.moved_port),
)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """A workshop at the end of section 08.

    The functions on this machine run where a fault starts them.
    """
    with at_section_08(tmp_path_factory.mktemp("home")) as opened:
        opened.stop_functions()
        yield opened


@pytest.mark.parametrize("fault", one_in(3, FAULTS), ids=str)
def test_a_fault_is_named_with_its_fix_and_nothing_else(workshop: Workshop, fault: Fault) -> None:
    """What is seen is said, nothing secret is shown; repaired, there is nothing wrong any more."""
    assert_named_alone(workshop, fault)
