"""What learners see of each problem, in the words of the browser, the tool or the service."""

from __future__ import annotations

PAGE, API = "https://demo.z13.web.core.windows.net", "https://demo.azurewebsites.net"
BLOCKED = "has been blocked by CORS policy"
NO_ORIGIN = "No 'Access-Control-Allow-Origin' header is present on the requested resource."

SYMPTOMS: dict[str, tuple[str, ...]] = {
    "wildcard-with-credentials": (
        "Access to XMLHttpRequest at 'http://localhost:7071/api/negotiate' from origin"
        f" 'http://localhost:8080' {BLOCKED}: Response to preflight request doesn't pass access"
        " control check: The value of the 'Access-Control-Allow-Origin' header in the response"
        " must not be the wildcard '*' when the request's credentials mode is 'include'.",
        "Credential is not supported if the CORS header 'Access-Control-Allow-Origin' is '*'",
    ),
    "many-hosts": (
        "Our white-label customers have a host each, and withCredentials cannot be switched off",
    ),
    "login-instead-of-cors": (
        "Access to fetch at"
        " 'https://login.microsoftonline.com/common/oauth2/authorize?response_type=code'"
        f" (redirected from '{API}/api/negotiate') from origin '{PAGE}' {BLOCKED}: {NO_ORIGIN}",
    ),
    "redirected-preflight": (
        f"Access to fetch at 'http://demo.azurewebsites.net/api/negotiate' from origin '{PAGE}'"
        f" {BLOCKED}: Response to preflight request doesn't pass access control check: Redirect is"
        " not allowed for a preflight request.",
    ),
    "cors-not-deployed": (
        "Error: Network Error\n    at createError (axios.min.js:8)",
        "Network Error",
        f"Access to fetch at '{API}/api/messages' from origin '{PAGE}' {BLOCKED}: {NO_ORIGIN}",
    ),
    "private-port": (
        "Access to XMLHttpRequest at"
        " 'https://fuzzy-train-7071.app.github.dev/api/negotiate?negotiateVersion=1' from origin"
        f" 'https://fuzzy-train-3000.app.github.dev' {BLOCKED}",
    ),
    "local-page-not-allowed": (
        (
            f"Access to fetch at '{API}/api/messages' from origin 'http://localhost:8080'"
            f" {BLOCKED}: {NO_ORIGIN}"
        ),
    ),
    "negotiate-404": (
        f"POST {API}/negotiate?negotiateVersion=1 404 (Not Found)",
        "404: /negotiate was not found",
    ),
    "negotiate-twice": (
        "POST http://localhost:7071/api/negotiate/negotiate?negotiateVersion=1 404 (Not Found)",
    ),
    "template-answer": (
        'SyntaxError: Unexpected token T, "This HTTP "... is not valid JSON',
        "Unexpected token T in JSON at position 0",
    ),
    "wrong-shape": (
        '{"Url":"https://demo.service.signalr.net/client/?hub=chat","AccessToken":"…"}',
        "negotiate answers 200 with an empty body",
    ),
    "info-as-trigger": (
        "signalRConnectionInfo is not a trigger",
        "TypeError: context.bindings.connectionInfo is undefined",
    ),
    "client-in-function": (
        "TypeError: Cannot read property 'secure' of undefined",
        "Cannot read properties of undefined (reading 'secure')",
    ),
    "handler-does-not-match": (
        "Warning: No client method with the name 'newmessage' found.",
        (
            "Failed to invoke 'newMessage' due to: Invocation provides 1 argument(s) but target"
            " expects 2."
        ),
    ),
    "binding-name": (
        "FunctionLoadError: cannot load the SendMessage function: the following parameters are"
        " declared in function.json but not in Python: {'outMessages'}",
    ),
    "bundle-missing": (
        "The 'negotiate' function is in error: The binding type(s) 'signalR' are not registered."
        " Please ensure the type is correct and the binding extension is installed.",
    ),
    "bundle-too-old": ("The binding type signalRTrigger was not found in the configured bundle",),
    "extension-conflict": (
        "Could not load file or assembly 'Microsoft.Azure.SignalR.Management, Version=1.2.0.0'",
    ),
    "other-host-version": (
        "Microsoft.Azure.WebJobs.Host: Error indexing method 'Functions.negotiate'. Cannot bind"
        " parameter 'connectionInfo' to type SignalRConnectionInfo.",
    ),
    "other-language": (
        "Incompatible Node.js version (v9.11.2). The version of the Azure Functions runtime you"
        " are using (v2) supports Node.js v8.x or v10.x",
    ),
    "python-version": (
        (
            "Python 3.6.x to 3.9.x is required for this operation. Please install Python 3.6,"
            " 3.7, 3.8, or 3.9"
        ),
    ),
    "no-template": ('Can\'t find template "SignalRNegotiateHTTPTrigger" in "Python"',),
    "no-decorator": (
        "AttributeError: 'FunctionApp' object has no attribute 'signalr_connection_info_input'",
    ),
    "withdrawn-api": (
        "POST https://demo.service.signalr.net:5002/api/v1-preview/hub/chat timed out",
    ),
    "no-storage-here": (
        (
            "No connection could be made because the target machine actively refused it."
            " (127.0.0.1:10000)"
        ),
        (
            "Missing value for AzureWebJobsStorage in local.settings.json. This is required for"
            " all triggers other than httptrigger."
        ),
    ),
    "connection-string-missing": (
        (
            "The SignalR Service connection string must be set either via an"
            " 'AzureSignalRConnectionString' app setting"
        ),
        "KeyError: 'AzureSignalRConnectionString'",
    ),
    "only-sample-settings": ("There is only local.settings.sample.json in my folder",),
    "settings-not-uploaded": (f"POST {API}/api/negotiate 500 (Internal Server Error)",),
    "old-access-key": (
        (
            "Authorization failed, please check the AccessKey of your connection string. Status:"
            " 401 Unauthorized"
        ),
    ),
    "default-mode": (
        "Handshake error: Service is now in 'Default' mode, but app servers are not connected."
        " Check the service mode and the app servers.",
    ),
    "classic-mode": ("Clients are disconnected every 15 seconds",),
    "connection-limit": (
        "WebSocket upgrade failed: 429 Too Many Requests. Connection count reaches limit: 20.",
    ),
    "bill": ("The invoice of this month has SignalR Standard_S1, 1 unit",),
    "app-stopped": ("The page stays connected while the functions are stopped",),
    "token-ended": (
        (
            "Azure.Identity: IDX10223: Lifetime validation failed. The token is expired. ValidTo"
            " (UTC): '11/24/2026 10:00:00'"
        ),
    ),
    "proxy-or-firewall": (
        (
            "WebSocket connection to 'wss://demo.service.signalr.net/client/?hub=chat&id=abc'"
            " failed: Error during handshake"
        ),
        (
            "Failed to load resource: net::ERR_TUNNEL_CONNECTION_FAILED"
            " https://demo.service.signalr.net/client/negotiate"
        ),
    ),
    "no-principal-header": (
        "Error while accessing 'x-ms-client-principal-name': property doesn't exist.",
    ),
    "wrong-function-json": ("I edited negotiate/function.json, and it has no effect",),
    "private-reaches-nobody": (
        (
            "bob's private message does not arrive at anybody: it reaches no one. A private"
            " message reaches nobody"
        ),
    ),
    "guest-name": (
        "The sender is alice_contoso.example#EXT#@fabrikam.onmicrosoft.example",
        "live.com#alice@example.com",
    ),
    "lands-on-done": (
        f"After the sign-in I am at {API}/.auth/login/done, 'You have successfully signed in'",
    ),
    "forged-request": ("POST from the browser answers 403 (Forbidden), with curl it is 200",),
    "cookie-of-another-site": (
        (
            "Cookie “AppServiceAuthSession” has been rejected because it is in a cross-site"
            " context and its “SameSite” is “Lax”"
        ),
    ),
    "portal-test": ("Portal, Code + Test, Run: HTTP response code 401 Unauthorized",),
    "no-auth-here": ("GET http://localhost:7071/.auth/me 404 (Not Found)",),
    "may-not-register": (
        "(Authorization_RequestDenied) Insufficient privileges to complete the operation.",
    ),
    "windows-group": (
        "LinuxDynamicWorkersNotAllowedInResourceGroup: Linux dynamic workers are not available in"
        " resource group chat. Use this link to learn more",
    ),
    "drill": ("The functions are down (functions-down, 12 s left).",),
    "not-running": (
        "NotStarted: The local cloud is not running. In a notebook, `workshop = Workshop.open()`"
        " starts it with everything it held; in a terminal, `chatkit local up` does.",
        "HTTPSConnectionPool(host='localhost', port=37813): Max retries exceeded with url:"
        " /subscriptions?api-version=2022-12-01 (Caused by NewConnectionError('<urllib3.connection"
        ".HTTPSConnection object at 0x7f1c>: Failed to establish a new connection: [Errno 111]"
        " Connection refused'))",
        "azure.core.exceptions.ServiceRequestError: HTTPSConnection(host='localhost', port=37813):"
        " Failed to establish a new connection: [WinError 10061] No connection could be made"
        " because the target machine actively refused it",
        "Cannot connect to host localhost:37813 ssl:True"
        " [Connect call failed ('127.0.0.1', 37813)]",
        "curl: (7) Failed to connect to localhost port 7071 after 0 ms: Couldn't connect to server",
        "Error: connect ECONNREFUSED 127.0.0.1:37813",
        "dial tcp 127.0.0.1:37813: connect: connection refused",
        "POST http://localhost:7071/api/negotiate?negotiateVersion=1 net::ERR_CONNECTION_REFUSED",
        "This site can't be reached. 127.0.0.1 refused to connect. ERR_CONNECTION_REFUSED",
        "Firefox can't establish a connection to the server at localhost:8901.",
        'Safari can\'t connect to the server "127.0.0.1:5500".',
    ),
    "port-taken": (
        "SignalR Service chatkit-a1 is at port 8890 now: nginx (process 12) has port 8889.",
        "graph has moved to port 41234: another program has port 37813.",
        "instead of    port 7071, which node (process 812) holds",
        "Port 8890 is taken by python (process 4711); JupyterLab needs it.",
        "Port 7071 is unavailable. Close the process using that port, or specify another port using"
        " --port [-p].",
        "SSLError(1, '[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)')",
    ),
    "template-invalid": (
        "Deployment template validation failed: 'The template resource 'x' at line '12' and column"
        " '9' is not valid. Please see https://aka.ms/arm-functions for usage details.'.",
    ),
    "deployment-runs": (
        "Unable to edit or replace deployment 'chat': previous deployment from '5/1/2026 10:00:00"
        " AM' is still active. Please see https://aka.ms/arm-deploy for usage details.",
    ),
    "deployment-failed": (
        "At least one resource deployment operation failed. Please list deployment operations for"
        " details. Please see https://aka.ms/arm-deployment-operations for usage details.",
    ),
}

UNRELATED = (
    "hello",
    "KeyError: 'text'",
    "GET https://example.com/favicon.ico 404 (Not Found)",
    "The notebook server connection was lost",
    "Published. 4 functions: GetMessages, SendMessage, SignalRInfo, negotiate.",
    "Section 05 works:\n  ✓ POST /api/messages answers the message.",
    "SignalR Service instance ready: Free_F1, Serverless.",
    "[Information] Executed 'Functions.SendMessage' (Succeeded, Duration=12ms)",
    (
        '200 application/json\n{"url": "http://localhost:8888/client/?hub=chat", "accessToken":'
        ' "eyJ… (a token)"}'
    ),
    "git: 'psuh' is not a git command. See 'git --help'.",
    "alice: shall we meet at 15 s past noon?",
    (
        'Traceback (most recent call last):\n  File "x.py", line 1, in <module>\n    1 /'
        " 0\nZeroDivisionError: division by zero"
    ),
)
