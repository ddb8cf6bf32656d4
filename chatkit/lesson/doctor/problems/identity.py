"""Identity: App Service Authentication, who somebody is, and whom a private message reaches."""

from __future__ import annotations

import ast

from chatkit.lesson.checks.service import USER_CLAIMS
from chatkit.lesson.doctor.problems.problem import Problem
from chatkit.lesson.doctor.snapshot.lookups import known
from chatkit.lesson.doctor.snapshot.snapshot import Snapshot, claims_given
from chatkit.steps.local_settings import PORT

PRINCIPAL = "{headers.x-ms-client-principal"
TURN_ON = "workshop.enable_authentication() sets it."


def _missing_header(snapshot: Snapshot) -> str:
    for one in snapshot.folder.decorators:
        if any(PRINCIPAL in value.lower() for value in one.keywords.values()):
            return f"{one.file}: the binding of {one.function} reads the header of who is signed in"
    return ""


def _function_json(snapshot: Snapshot) -> str:
    found = sorted(path.parent.name for path in snapshot.folder.functions.glob("*/function.json"))
    if found and snapshot.folder.sources:
        return f"{found[0]}/function.json is there, and the functions are in Python files"
    return ""


def _nobodys_token(snapshot: Snapshot) -> str:
    file = _to_a_connection(snapshot)
    if file:
        return f"{file} sends to a connection id as if it were a user id"
    name, answer = snapshot.negotiate_as_alice()
    token = claims_given(answer)
    user = next((str(token[claim]) for claim in USER_CLAIMS if token.get(claim)), "")
    if not token or user == name:
        return ""
    whose = f"for {user}" if user else "without a user"
    return f"signed in as {name}, negotiate gives a token {whose}"


def _to_a_connection(snapshot: Snapshot) -> str:
    for file, node in snapshot.folder.nodes(ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if (
                isinstance(key, ast.Constant)
                and key.value == "userId"
                and "connection" in ast.unparse(value).lower()
            ):
                return file
    return ""


def _no_way_back(snapshot: Snapshot) -> str:
    if not snapshot.page or not snapshot.authentication():
        return ""
    urls = (snapshot.authentication().get("login") or {}).get("allowedExternalRedirectUrls") or []
    if snapshot.page in [str(url).rstrip("/") for url in urls]:
        return ""
    return (
        f"authentication sends people back to {', '.join(map(str, urls)) or 'no page'}, not to"
        f" {snapshot.page}"
    )


def _cookie_mode(snapshot: Snapshot) -> str:
    offered = snapshot.folder.page_config.get("signIn")
    text = snapshot.folder.page_text
    if offered and _no_token(text):
        return "the page signs in without session_mode=token, so it needs a cookie of another site"
    return ""


def _no_token(text: str) -> bool:
    return bool(text) and "session_mode" not in text


def _closed_to_all(snapshot: Snapshot) -> str:
    rules = snapshot.authentication().get("globalValidation") or {}
    closed = rules.get("requireAuthentication") and str(
        rules.get("unauthenticatedClientAction")
    ) in ("Return401", "Return403")
    if closed:
        return "authentication refuses every request without sign-in, the portal's too"
    return ""


def _sign_in_here(snapshot: Snapshot) -> str:
    config = snapshot.folder.page_config
    called = str(config.get("apiBaseUrl", "")).rstrip("/")
    here = (
        called
        and called != snapshot.api
        and called in (snapshot.local_api, f"http://localhost:{PORT}")
    )
    if here and config.get("signIn") and not snapshot.local_sign_in:
        return "my-chat/content/config.json offers sign-in with the functions of this machine"
    return ""


def _authentication_is_on(snapshot: Snapshot) -> str:
    if known(snapshot.authentication):
        return "authentication is on"
    return ""


PROBLEMS = (
    Problem(
        37,
        "Error while accessing x-ms-client-principal-…",
        "The binding reads a header that only App Service Authentication sets: on this machine,"
        " and for people who are not signed in, it is missing.",
        (
            "Read the header in the function and answer 401 without it, as signalr_info.py of"
            " section 09 does."
        ),
        ("Azure/azure-functions-signalrservice-extension#58", "Azure/azure-signalr#1272"),
        (
            r"error while accessing '?x-ms-client-principal",
            r"x-ms-client-principal[\w-]{0,40}'?:? property doesn'?t exist",
        ),
        _missing_header,
    ),
    Problem(
        38,
        "The wrong function.json was edited",
        "In the Python v2 model bindings are decorators; a function.json beside them is not read.",
        "Change the decorator in the Python file, and delete the folder with the function.json.",
        ("MicrosoftDocs/azure-docs#22702", "MicrosoftDocs/azure-docs#28762"),
        (
            r"function\.json.{0,120}(no effect|not read|ignored|wrong|changes? nothing)",
            r"mixed function app.{0,200}function\.json",
        ),
        _function_json,
    ),
    Problem(
        39,
        "A private message reaches nobody",
        (
            "The message's user id is not that of the recipient's token: negotiate set none or"
            " another, or it is a connection id."
        ),
        "Sign the user id into the token at negotiate and send to the same id: run the cells of"
        " sections 09 and 10 that write signalr_info.py and send_message.py, then"
        " workshop.publish_functions().",
        ("Azure/azure-signalr#290", "Azure/azure-signalr#1233", "aspnet/AzureSignalR-samples#42"),
        (
            (
                r"private message.{0,60}(nobody|no one|nowhere|not (arrive|reach)|never (arrive"
                r"|reach)|does ?n.t (arrive|reach))"
            ),
            r"(sendtouser|userid).{0,80}(connection ?id|not received|no effect)",
        ),
        _nobodys_token,
    ),
    Problem(
        40,
        "A guest has another name, or none",
        (
            "The principal name depends on provider and tenant: guests have names with #EXT#,"
            " some providers send none."
        ),
        (
            "Show the name, but address people by X-MS-CLIENT-PRINCIPAL-ID or the claim oid;"
            " `/.auth/me` lists what there is."
        ),
        ("Azure/azure-functions-host#6565", "Azure/static-web-apps#21"),
        (
            r"#ext#@",
            r"live\.com#",
            (
                r"x-ms-client-principal-name.{0,60}(null|undefined|none|missing"
                r"|empty)(?!.{0,300}property doesn)"
            ),
        ),
    ),
    Problem(
        41,
        "After sign-in one lands on /.auth/login/done",
        "The page is not among the addresses that authentication may send people back to.",
        f"allowedExternalRedirectUrls has to name the page: {TURN_ON}",
        ("Azure/azure-signalr#866", "Azure-Samples/functions-first-serverless-web-application#14"),
        (
            r"/\.auth/login/done",
            r"post_login_redirect_ur[il].{0,80}(not allowed|not permitted|forbidden|403)",
        ),
        _no_way_back,
    ),
    Problem(
        42,
        "403 from the browser, and from curl it works",
        (
            "The authentication layer refuses requests with a cookie from an origin it does not"
            " know, as forged by another site."
        ),
        (
            f"Name the page in allowedExternalRedirectUrls ({TURN_ON[:-1]}), or send the token in"
            " X-ZUMO-AUTH as the page does."
        ),
        ("Azure/azure-functions-host#1602",),
        (
            r"\b403\b.{0,200}\bcurl\b",
            r"\bcurl\b.{0,200}\b403\b",
            r"cross-site request forgery detected",
        ),
        confirm=_no_way_back,
    ),
    Problem(
        43,
        "Safari signs in again and again",
        (
            "The session cookie belongs to another site than the page. Safari, Firefox and Brave do"
            " not send such cookies; Chrome does."
        ),
        "Sign in with session_mode=token, as content/session.js does (workshop.prepare_page()"
        " brings it back), or serve page and functions from one site.",
        ("AzureAD/microsoft-authentication-library-for-js#819", "mangit955/nap#61"),
        (
            r"appserviceauthsession.{0,120}(reject|block|cross-site)",
            r"third.?party cookies?.{0,60}(block|reject|reading)",
            r"safari.{0,80}(login|sign|loop|cookie)",
            r"intelligent tracking prevention",
        ),
        _cookie_mode,
    ),
    Problem(
        44,
        "Code + Test in the portal answers 401",
        (
            "The portal calls the function without sign-in, and authentication refuses that"
            " before the function runs."
        ),
        "Test from the page or a cell with workshop.sign_in_as(...). To let the app itself"
        f" answer, allow anonymous requests: {TURN_ON}",
        ("Azure/azure-functions-host#6128",),
        (r"code ?\+ ?test.{0,120}\b401\b", r"\b401\b.{0,120}code ?\+ ?test"),
        _closed_to_all,
        _authentication_is_on,
    ),
    Problem(
        45,
        "There is no /.auth on this machine",
        (
            "App Service Authentication stands in front of deployed apps; Core Tools have none in"
            " front of a local run, and here it is there on request."
        ),
        "workshop.start_functions(auth=True), in a terminal `chatkit func start FOLDER --auth` or"
        " `chatkit auth --for URL`; workshop.prepare_page() makes the local page fit.",
        ("Azure/azure-app-service-authentication#8", "Azure/azure-functions-host#33"),
        (
            r"(localhost|127\.0\.0\.1):7071/\.auth/",
            r"/\.auth/(me|login/\w+).{0,60}\b404\b",
            r"cannot (get|post) /\.auth/",
        ),
        _sign_in_here,
    ),
    Problem(
        46,
        "Insufficient privileges to register the app",
        "This account may not make app registrations in the tenant.",
        "Ask for the role Application Developer, or for a registration made for you:"
        " workshop.enable_authentication(client_id=..., client_secret=...).",
        ("azuredevcollege/trainingdays#143", "Azure/apim-lab#153"),
        (
            r"insufficient privileges to complete the operation",
            r"authorization_requestdenied",
            r"may not register applications",
        ),
    ),
)
