"""Origins: what a browser refuses, because page and functions have different addresses."""

from __future__ import annotations

from chatkit.knowledge.problem import Problem

MDN = "https://developer.mozilla.org/docs/Web/HTTP/Guides/CORS/Errors"
# Cases of a refused origin with a reason of their own.
PARTICULAR = (
    r"(login\.|/\.auth/|github\.dev|wildcard|redirect|credentials|'null'|file://|address space"
    r"|private network|multiple values|must be the value)"
)
HERE = r"https?://(localhost|127\.0\.0\.1)(:\d+)?"
ELSEWHERE = r"https?://(?!localhost|127\.0\.0\.1)[^'\s]+"

PROBLEMS = (
    Problem(
        key="wildcard-with-credentials",
        title="CORS does not allow credentials",
        cause="CORS is * (or credentials are not allowed), and a SignalR client sends its requests"
        " with credentials.",
        fix="Name the page's exact origin and allow credentials: workshop.write_local_settings()"
        " for this machine, workshop.allow_page() for the deployed functions.",
        links=(
            "dotnet/aspnetcore#20568",
            "MicrosoftDocs/azure-docs#50776",
            "Azure/azure-functions-signalrservice-extension#30",
        ),
        codes=("InvalidCorsConfiguration",),
        says=(
            r"must not be the wildcard '?\*'? when",
            r"(wildcard '?\*'?|'\*') cannot be used in the 'access-control-allow-origin'",
            r"cors .{1,4}\*.{1,3} cannot be combined with corscredentials",
            r"cannot use wildcard in access-control-allow-origin",
            r"allow-credentials' header.{0,40}is '[^']{0,20}'.{0,20} must be 'true'",
            r"credentials flag is '?true'?, but (the )?'?access-control-allow-credentials",
            r"credential is not supported if the cors header 'access-control-allow-origin' is '\*'",
            r"expected 'true' in cors header 'access-control-allow-credentials'",
            r"(cors|origin).{0,80}not allowed with credentials",
            r"supportcredentials cannot be true when allowedorigins contains '\*'",
            r"'?\*'? (is not supported|cannot be used).{0,60}(supportcredentials|credentials)",
        ),
    ),
    Problem(
        key="many-hosts",
        title="One app for many hosts, and no * that fits",
        cause="An origin with a * inside is not a pattern for CORS, and the client's default is to"
        " send credentials.",
        fix="List each host's exact origin, serve page and functions from one origin, or give the"
        " client withCredentials: false as content/live.js does.",
        links=("dotnet/aspnetcore#26011",),
        says=(
            r"white.?label",
            r"withcredentials.{0,60}(cannot|can't|can not|always|option)",
            r"wildcard subdomain",
        ),
    ),
    Problem(
        key="login-instead-of-cors",
        title="CORS is set, and after sign-in is required it is gone",
        cause="The authentication layer redirects the script's request to a login page of another"
        " origin before the app can answer.",
        fix="Let anonymous requests pass and let the app answer 401:"
        " workshop.enable_authentication() sets that.",
        links=("MicrosoftDocs/azure-docs#105297",),
        says=(
            r"(login\.microsoftonline\.com|login\.windows\.net|/\.auth/login)"
            r".{0,700}(no 'access-control-allow-origin'|blocked by cors|cross-origin)",
            r"no 'access-control-allow-origin'.{0,300}(after|since) .{0,30}(log|sign).?(i|o)n",
            r"cross-origin request blocked.{0,200}(login\.microsoftonline|/\.auth/login)",
        ),
    ),
    Problem(
        key="redirected-preflight",
        title="Page and functions mix http and https",
        cause="The page calls http:// and the platform redirects to https://, or a page that came"
        " over https calls http://: browsers refuse both.",
        fix="Write the address of the functions with https into the page's config:"
        " workshop.set_page_url(), then workshop.upload_page().",
        links=(
            "Azure/azure-signalr#1398",
            "https://developer.mozilla.org/docs/Web/Security/Mixed_content",
        ),
        says=(
            r"redirect is not allowed for a preflight request",
            r"cors request external redirect not allowed",
            r"preflight response is not successful.{0,40}\b30[12378]\b",
            r"\bmixed content\b",
            r"blocked loading mixed (active|display) content",
            r"requested an insecure (xmlhttprequest|resource|endpoint|websocket)",
            r"insecure websocket connection may not be initiated from a page loaded over https",
        ),
    ),
    Problem(
        key="private-port",
        title="A codespace refuses although CORS is right",
        cause="A forwarded port is private: GitHub redirects the request to its own login.",
        fix="Make port 7071 public for as long as you try it (Ports, Port Visibility), or call"
        " the functions from the kernel.",
        links=("MicrosoftDocs/vscodespaces#157", "Azure-Samples/contoso-creative-writer#96"),
        says=(
            r"-7071\.(preview\.)?(app\.github\.dev|githubpreview\.dev)",
            r"github\.dev/pf-signin",
        ),
    ),
    Problem(
        key="page-from-file",
        title="The page was opened as a file",
        cause="A page that is opened from the disk has the origin null, which nothing lets in, and"
        " its scripts cannot load each other.",
        fix="Serve it: workshop.start_page() prints its address.",
        links=(
            "https://developer.mozilla.org/docs/Web/HTTP/Guides/CORS/Errors/CORSRequestNotHttp",
        ),
        says=(
            r"from origin 'null' has been blocked",
            r"origin 'null'",
            r"cors request not http\b",
            r"cross origin requests are only supported for protocol schemes",
        ),
    ),
    Problem(
        key="local-network",
        title="The browser does not let a public page call this machine",
        cause="A page from the internet calls localhost, and the browser asks for a permission of"
        " its own before it lets it (local network access).",
        fix="Use the page that belongs to the functions: workshop.local_web_url for those on this"
        " machine, workshop.web_url for the deployed ones; or allow it in the browser's question.",
        links=("https://developer.chrome.com/blog/local-network-access",),
        says=(
            r"access the `?'?(loopback|local|unknown|private)'?`? address space",
            r"more-private address space",
            r"private.network.access",
            r"access-control-allow-private-network",
        ),
    ),
    Problem(
        key="content-security-policy",
        title="The page's own policy blocks the request",
        cause="The page's Content-Security-Policy does not name the address in connect-src (or the"
        " script in script-src).",
        fix="workshop.prepare_page() for this machine and workshop.set_page_url() for the deployed"
        " functions write the policy that fits; scripts lie beside the page, not on a CDN.",
        links=(
            "https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Content-Security-Policy",
        ),
        says=(
            r"violates the (following |document's )?content security policy",
            r"content.security.policy: the page's settings (blocked|prevented)",
            r"blocked by content.security.policy",
            r"because it does not appear in the (connect|script|style)-src directive",
        ),
    ),
    Problem(
        key="slash-in-origin",
        title="The allowed origin differs from the page's",
        cause="Origins are compared letter by letter: scheme, host and port, and no slash at the"
        " end; one value in the answer, not a list.",
        fix="workshop.allow_page() writes the deployed page's origin, workshop.start_page() the"
        " local page's.",
        links=(f"{MDN}/CORSAllowOriginNotMatchingOrigin", "MicrosoftDocs/azure-docs#50777"),
        says=(
            r"allow-origin' header has a value '[^']{1,200}' that is not equal to the supplied",
            r"cors header 'access-control-allow-origin' does not match",
            r"allow-origin' header contains (multiple values|the invalid value)",
            r"multiple cors header 'access-control-allow-origin' not allowed",
        ),
    ),
    Problem(
        key="header-not-allowed",
        title="A header or method is not allowed in the preflight",
        cause="The preflight's answer does not name a header or method that the page sends. App"
        " Service's CORS allows all of them, so something else answers: a proxy, or CORS written"
        " into the app as well.",
        fix="Let the platform alone answer CORS (workshop.allow_page(), or Host.CORS in"
        " local.settings.json), and take CORS headers out of the functions.",
        links=(f"{MDN}/CORSMissingAllowHeaderFromPreflight",),
        says=(
            r"is not allowed by access-control-allow-(headers|methods)",
            r"not allowed according to header 'access-control-allow-(headers|methods)'",
            r"did not find method in cors header 'access-control-allow-methods'",
        ),
    ),
    Problem(
        key="local-page-not-allowed",
        title="The page on this machine may not call the functions",
        cause="The page's development origin, http://127.0.0.1:5500 for example, is not among the"
        " origins that those functions allow.",
        fix="workshop.start_page() lets the local page call the local functions; for the deployed"
        " ones use the deployed page, workshop.web_url, or add the origin to the function app's"
        " CORS.",
        links=("Roguelike-Celebration/azure-mud#379",),
        says=(
            rf"^(?!.*{PARTICULAR}).*origin '{HERE}' has been blocked",
            rf"^(?!.*{PARTICULAR}).*origin {HERE} is not allowed by access-control-allow-origin",
        ),
    ),
    Problem(
        key="cors-not-deployed",
        title="Network Error, but only after it was deployed",
        cause="CORS in local.settings.json stays on this machine; the function app has its own.",
        fix="workshop.allow_page() lets the deployed page in.",
        links=("Azure-Samples/signalr-service-quickstart-serverless-chat#2",),
        says=(
            rf"^(?!.*{PARTICULAR}).*origin '{ELSEWHERE}' has been blocked",
            rf"^(?!.*{PARTICULAR}).*origin {ELSEWHERE} is not allowed by"
            r" access-control-allow-origin",
            r"\bnetwork error\b.{0,80}(deploy|publish)",
        ),
        may_say=(
            r"\b(axioserror|error): network error\b",
            r"^network error\.?$",
            r"cors header 'access-control-allow-origin' missing",
            r"cors (is )?not enabled|no matching (cors )?rule",
            r"net::err_failed\b",
            r"no 'access-control-allow-origin' header",
            r"cors preflight (response did not succeed|channel did not succeed)",
            r"(blocked by cors policy|due to access control checks|cors (policy|error|issue))",
            r"cross-origin request blocked",
            r"\bnetworkerror when attempting to fetch",
            r"typeerror: (failed to fetch|load failed|networkerror)",
        ),
    ),
)
