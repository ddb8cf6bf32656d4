"""Identity: App Service Authentication, who somebody is, and whom a private message reaches."""

from __future__ import annotations

from chatkit.knowledge.problem import Problem

TURN_ON = "workshop.enable_authentication() sets it."
CODES = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes"

PROBLEMS = (
    Problem(
        key="no-principal-header",
        title="Error while accessing x-ms-client-principal-…",
        cause="The binding reads a header that only App Service Authentication sets: on this"
        " machine, and for people who are not signed in, it is missing.",
        fix="Read the header in the function and answer 401 without it, as signalr_info.py of"
        " section 09 does; or put sign-in in front: workshop.start_functions(auth=True) here,"
        " workshop.enable_authentication() for the deployed app.",
        links=("Azure/azure-functions-signalrservice-extension#58", "Azure/azure-signalr#1272"),
        says=(
            r"error while accessing '?x-ms-client-principal",
            r"x-ms-client-principal[\w-]{0,40}'?:? property doesn'?t exist",
            r"keyerror: '?x-ms-client-principal",
            r"no value for named parameter '?(headers|x-ms-client)",
        ),
    ),
    Problem(
        key="wrong-function-json",
        title="The wrong function.json was edited",
        cause="In the Python v2 model bindings are decorators; a function.json beside them is not"
        " read.",
        fix="Change the decorator in the Python file, and delete the folder with the"
        " function.json.",
        links=("MicrosoftDocs/azure-docs#22702", "MicrosoftDocs/azure-docs#28762"),
        says=(
            r"function\.json.{0,120}(no effect|not read|ignored|wrong|changes? nothing)",
            r"mixed function app",
        ),
    ),
    Problem(
        key="private-reaches-nobody",
        title="A private message reaches nobody",
        cause="The message's user id is not that of the recipient's token: negotiate set none or"
        " another, or it is a connection id.",
        fix="Sign the user id into the token at negotiate and send to the same id: run the cells"
        " of sections 09 and 10 that write signalr_info.py and send_message.py, then"
        " workshop.publish_functions().",
        links=(
            "Azure/azure-signalr#290",
            "Azure/azure-signalr#1233",
            "aspnet/AzureSignalR-samples#42",
        ),
        says=(
            r"private (chat )?messages?.{0,60}(nobody|no one|nowhere|not (arrive|reach|received)"
            r"|never (arrive|reach)|does ?n.t (arrive|reach)|lost)",
            r"(sendtouser|userid).{0,80}(connection ?id|not received|no effect)",
            r"connectionid and userid cannot be null or empty together",
        ),
    ),
    Problem(
        key="guest-name",
        title="A guest has another name, or none",
        cause="The principal name depends on provider and tenant: guests have names with #EXT#,"
        " some providers send none.",
        fix="Show the name, but address people by X-MS-CLIENT-PRINCIPAL-ID or the claim oid;"
        " `/.auth/me` lists what there is.",
        links=("Azure/azure-functions-host#6565", "Azure/static-web-apps#21"),
        says=(
            r"#ext#@",
            r"live\.com#",
            r"x-ms-client-principal-name.{0,60}(null|undefined|none|missing"
            r"|empty)(?!.{0,300}property doesn)",
        ),
    ),
    Problem(
        key="redirect-uri",
        title="The redirect URI is not that of the registration",
        cause="Entra ID sends people back only to addresses that the app registration names; the"
        " function app's /.auth/login/aad/callback is not among them.",
        fix="workshop.enable_authentication() registers the app's address; or add it to the"
        " registration's redirect URIs (type Web), exactly as the message has it.",
        links=(CODES, "Azure/static-web-apps#617"),
        says=(
            r"aadsts(50011|500113|900971|500117)\b",
            r"redirect uri .{0,300}(does not match|specified in the request)",
            r"no reply address (is )?registered",
            r"invalid_redirect_uri|redirect_uri_mismatch",
            r"reply (url|address) .{0,120}does not match",
        ),
    ),
    Problem(
        key="app-secret",
        title="The client secret is wrong or has expired",
        cause="The app setting with the registration's secret is missing or has an old value, or"
        " the id of the secret in place of its value.",
        fix="workshop.enable_authentication() makes a new secret and writes the setting.",
        links=(CODES, "MicrosoftDocs/azure-docs#63691"),
        says=(
            r"aadsts(7000215|7000222|7000218|70002|7000216|50012|700027)\b",
            r"invalid client secret",
            r"client secret keys? .{0,60}expired",
            r"app setting .{0,60}client secret is missing",
        ),
    ),
    Problem(
        key="other-tenant",
        title="The account or the app is of another tenant",
        cause="Sign-in asks a tenant that does not know the person, or not the app: a personal"
        " account, a guest, or a client id of elsewhere.",
        fix="Sign in with an account of the tenant (`az login --tenant ID` for the kit), or let"
        " workshop.enable_authentication() register the app where you are signed in.",
        links=(CODES, "MicrosoftDocs/azure-docs#21506"),
        codes=("InvalidAuthenticationTokenTenant",),
        says=(
            r"aadsts(50020|700016|90002|50034|50128|90072|50059|51004|700011|500011|650056|50194"
            r"|900023|53033)\b",
            r"unauthorized_client.{0,120}(not found|directory)",
            r"application with identifier '?[\w-]{1,60}'? was not found in the directory",
            r"user account .{0,80}does not exist in tenant",
            r"tenant '?[\w.-]{1,80}'? not found",
            r"idx1020[5-7]|idx40001|idx10214",
            r"(issuer|audience) (validation failed|is invalid|did not match)",
        ),
    ),
    Problem(
        key="consent",
        title="Somebody has to agree first",
        cause="The person or an administrator of the tenant has not agreed that the app may sign"
        " people in, or is not assigned to it.",
        fix="Agree in the browser's question. Where the tenant does not let people do that, ask"
        " its administrator for consent, or use an account of a tenant of your own.",
        links=(CODES, "Azure/apim-lab#153"),
        says=(
            r"aadsts(65001|65004|90094|50105|900941|65005|650052|650057|7000112|500014|90008)\b",
            r"(needs?|requires?) (admin|administrator) (approval|consent)",
            r"need admin approval",
            r"has not consented to use the application",
        ),
    ),
    Problem(
        key="conditional-access",
        title="The organisation asks for more than a password",
        cause="A rule of the tenant (multi-factor sign-in, managed device, known network) is not"
        " met.",
        fix="Sign in in a browser where the rule is met: `az login` (with --tenant ID), on a"
        " device of the organisation; or use another subscription.",
        links=(CODES,),
        says=(
            r"aadsts(50076|50079|50072|50074|50078|53000|53001|53002|53003|53004|50158|50005"
            r"|530003|530033)\b",
            r"conditional access",
            r"multi.factor authentication (is )?(required|to access)",
            r"status_interaction_required",
        ),
    ),
    Problem(
        key="sign-in-not-finished",
        title="The sign-in was not finished in time",
        cause="It was begun in another browser or tab, was left open for long, or its answer was"
        " used twice: state, nonce or code do not fit any more.",
        fix="Begin again at the page's Sign in button, in one tab, and let it end there.",
        links=(CODES, "Azure/static-web-apps#1571"),
        says=(
            r"aadsts(70008|54005|70000|700003|50089|70043|50133|50058|16000|501481|9002313"
            r"|90013|900144)\b",
            r"\bnonce\b.{0,60}(mismatch|does not match|not match|invalid|another sign-in)",
            r"(state|nonce) (cookie|parameter) .{0,40}(missing|invalid|not found)",
            r"it was not started in this browser, it has ended before",
            r"authorization code (was |has )?(already|expired)",
        ),
    ),
    Problem(
        key="lands-on-done",
        title="After sign-in one lands on /.auth/login/done",
        cause="The page is not among the addresses that authentication may send people back to.",
        fix=f"allowedExternalRedirectUrls has to name the page: {TURN_ON}",
        links=(
            "Azure/azure-signalr#866",
            "Azure-Samples/functions-first-serverless-web-application#14",
        ),
        says=(
            r"/\.auth/login/done",
            r"post_login(_redirect)?_ur[il].{0,80}(not allowed|not permitted|forbidden|403)",
            r"you have successfully signed in",
        ),
    ),
    Problem(
        key="forged-request",
        title="403 from the browser, and from curl it works",
        cause="The authentication layer refuses requests with a cookie from an origin it does not"
        " know, as forged by another site.",
        fix=f"Name the page in allowedExternalRedirectUrls ({TURN_ON[:-1]}), or send the token in"
        " X-ZUMO-AUTH as the page does.",
        links=("Azure/azure-functions-host#1602",),
        says=(
            r"\b403\b.{0,200}\bcurl\b",
            r"\bcurl\b.{0,200}\b403\b",
            r"cross.site request forgery",
            r"\b(csrf|xsrf)\b",
        ),
    ),
    Problem(
        key="cookie-of-another-site",
        title="The browser signs in again and again",
        cause="The session cookie belongs to another site than the page. Safari, Firefox and"
        " Brave do not send such cookies; Chrome does, unless somebody has switched that off.",
        fix="Sign in with session_mode=token, as content/session.js does (workshop.prepare_page()"
        " brings it back), or serve page and functions from one site.",
        links=("AzureAD/microsoft-authentication-library-for-js#819", "mangit955/nap#61"),
        says=(
            r"appserviceauthsession.{0,160}(reject|block|cross-site)",
            r"third.?party cookies?.{0,60}(block|reject|reading|phase|will be)",
            r"cookie .{0,120}(has been rejected|will be (soon )?(rejected|blocked)|was blocked)",
            r"samesite.{0,80}(none|lax|strict)",
            r"safari.{0,80}(login|log in|sign|loop|cookie)",
            r"(login|sign.?in) loop",
            r"intelligent tracking prevention",
            r"(partitioned|storage access).{0,60}cookie",
        ),
    ),
    Problem(
        key="portal-test",
        title="Code + Test in the portal answers 401",
        cause="The portal calls the function without sign-in, and authentication refuses that"
        " before the function runs.",
        fix="Test from the page or a cell with workshop.sign_in_as(...). To let the app itself"
        f" answer, allow anonymous requests: {TURN_ON}",
        links=("Azure/azure-functions-host#6128",),
        says=(r"code ?\+ ?test.{0,120}\b401\b", r"\b401\b.{0,120}code ?\+ ?test"),
    ),
    Problem(
        key="no-auth-here",
        title="There is no /.auth on this machine",
        cause="App Service Authentication stands in front of deployed apps. Core Tools have none;"
        " here it is there on request, and emulators of others exist.",
        fix="workshop.start_functions(auth=True), in a terminal `chatkit func start FOLDER --auth`"
        " or `chatkit auth --for URL`; workshop.prepare_page() makes the local page fit.",
        links=("Azure/azure-app-service-authentication#8", "Azure/azure-functions-host#33"),
        says=(
            r"(localhost|127\.0\.0\.1):\d+/\.auth/",
            r"/\.auth/(me|login/\w+|refresh|logout).{0,60}\b404\b",
            r"\b404\b.{0,60}/\.auth/(me|login|refresh|logout)",
            r"cannot (get|post) /\.auth/",
            r"nothing stands in front of the functions on this machine",
        ),
    ),
    Problem(
        key="may-not-register",
        title="Insufficient privileges to register the app",
        cause="This account may not make app registrations in the tenant.",
        fix="Ask for the role Application Developer, or for a registration made for you:"
        " workshop.enable_authentication(client_id=..., client_secret=...).",
        links=("azuredevcollege/trainingdays#143", "Azure/apim-lab#153"),
        codes=("Authorization_RequestDenied",),
        says=(
            r"insufficient privileges to complete the operation",
            r"may not register applications",
            r"(do not|don't) have permission to register applications",
        ),
    ),
    Problem(
        key="session-ended",
        title="The app does not know who you are any more",
        cause="The session has ended, or the token was of another app: App Service Authentication"
        " answers 401.",
        fix="Sign in again on the page; in a cell, workshop.sign_in_as(...) gives new headers.",
        links=("MicrosoftDocs/azure-docs#84645",),
        says=(
            r"you do not have permission to view this directory or page",
            r"the session has ended",
            r"x-zumo-auth.{0,80}(invalid|expired|rejected|401)",
            r"/\.auth/(me|refresh).{0,60}\b(401|403)\b",
            r"/\.auth/login/\w+/callback.{0,80}\b401\b",
            r"\b401\b.{0,80}/\.auth/",
        ),
    ),
)
