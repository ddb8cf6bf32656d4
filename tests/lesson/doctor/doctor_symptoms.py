"""What learners see of each problem, in the words of the browser, the tool or the service."""

from __future__ import annotations

PAGE, API = "https://demo.z13.web.core.windows.net", "https://demo.azurewebsites.net"
BLOCKED = "has been blocked by CORS policy"
NO_ORIGIN = "No 'Access-Control-Allow-Origin' header is present on the requested resource."

SYMPTOMS: dict[int, tuple[str, ...]] = {
    1: (
        "Access to XMLHttpRequest at 'http://localhost:7071/api/negotiate' from origin"
        f" 'http://localhost:8080' {BLOCKED}: Response to preflight request doesn't pass access"
        " control check: The value of the 'Access-Control-Allow-Origin' header in the response"
        " must not be the wildcard '*' when the request's credentials mode is 'include'.",
        "Credential is not supported if the CORS header 'Access-Control-Allow-Origin' is '*'",
    ),
    2: ("Our white-label customers have a host each, and withCredentials cannot be switched off",),
    3: (
        "Access to fetch at"
        " 'https://login.microsoftonline.com/common/oauth2/authorize?response_type=code'"
        f" (redirected from '{API}/api/negotiate') from origin '{PAGE}' {BLOCKED}: {NO_ORIGIN}",
    ),
    4: (
        f"Access to fetch at 'http://demo.azurewebsites.net/api/negotiate' from origin '{PAGE}'"
        f" {BLOCKED}: Response to preflight request doesn't pass access control check: Redirect is"
        " not allowed for a preflight request.",
    ),
    5: (
        "Error: Network Error\n    at createError (axios.min.js:8)",
        "Network Error",
        f"Access to fetch at '{API}/api/messages' from origin '{PAGE}' {BLOCKED}: {NO_ORIGIN}",
    ),
    6: (
        "Access to XMLHttpRequest at"
        " 'https://fuzzy-train-7071.app.github.dev/api/negotiate?negotiateVersion=1' from origin"
        f" 'https://fuzzy-train-3000.app.github.dev' {BLOCKED}",
    ),
    7: (
        (
            f"Access to fetch at '{API}/api/messages' from origin 'http://localhost:8080'"
            f" {BLOCKED}: {NO_ORIGIN}"
        ),
    ),
    8: (
        f"POST {API}/negotiate?negotiateVersion=1 404 (Not Found)",
        "404: /negotiate was not found",
    ),
    9: ("POST http://localhost:7071/api/negotiate/negotiate?negotiateVersion=1 404 (Not Found)",),
    10: (
        'SyntaxError: Unexpected token T, "This HTTP "... is not valid JSON',
        "Unexpected token T in JSON at position 0",
    ),
    11: (
        '{"Url":"https://demo.service.signalr.net/client/?hub=chat","AccessToken":"…"}',
        "negotiate answers 200 with an empty body",
    ),
    12: (
        "signalRConnectionInfo is not a trigger",
        "TypeError: context.bindings.connectionInfo is undefined",
    ),
    13: (
        "TypeError: Cannot read property 'secure' of undefined",
        "Cannot read properties of undefined (reading 'secure')",
    ),
    14: (
        "Warning: No client method with the name 'newmessage' found.",
        (
            "Failed to invoke 'newMessage' due to: Invocation provides 1 argument(s) but target"
            " expects 2."
        ),
    ),
    15: (
        "FunctionLoadError: cannot load the SendMessage function: the following parameters are"
        " declared in function.json but not in Python: {'outMessages'}",
    ),
    16: (
        "The 'negotiate' function is in error: The binding type(s) 'signalR' are not registered."
        " Please ensure the type is correct and the binding extension is installed.",
    ),
    17: ("The binding type signalRTrigger was not found in the configured bundle",),
    18: ("Could not load file or assembly 'Microsoft.Azure.SignalR.Management, Version=1.2.0.0'",),
    19: (
        "Microsoft.Azure.WebJobs.Host: Error indexing method 'Functions.negotiate'. Cannot bind"
        " parameter 'connectionInfo' to type SignalRConnectionInfo.",
    ),
    20: (
        "Incompatible Node.js version (v9.11.2). The version of the Azure Functions runtime you"
        " are using (v2) supports Node.js v8.x or v10.x",
    ),
    21: (
        (
            "Python 3.6.x to 3.9.x is required for this operation. Please install Python 3.6,"
            " 3.7, 3.8, or 3.9"
        ),
    ),
    22: ('Can\'t find template "SignalRNegotiateHTTPTrigger" in "Python"',),
    23: ("AttributeError: 'FunctionApp' object has no attribute 'signalr_connection_info_input'",),
    24: ("POST https://demo.service.signalr.net:5002/api/v1-preview/hub/chat timed out",),
    25: (
        (
            "No connection could be made because the target machine actively refused it."
            " (127.0.0.1:10000)"
        ),
        (
            "Missing value for AzureWebJobsStorage in local.settings.json. This is required for"
            " all triggers other than httptrigger."
        ),
    ),
    26: (
        (
            "The SignalR Service connection string must be set either via an"
            " 'AzureSignalRConnectionString' app setting"
        ),
        "KeyError: 'AzureSignalRConnectionString'",
    ),
    27: ("There is only local.settings.sample.json in my folder",),
    28: (f"POST {API}/api/negotiate 500 (Internal Server Error)",),
    29: (
        (
            "Authorization failed, please check the AccessKey of your connection string. Status:"
            " 401 Unauthorized"
        ),
    ),
    30: (
        "Handshake error: Service is now in 'Default' mode, but app servers are not connected."
        " Check the service mode and the app servers.",
    ),
    31: ("Clients are disconnected every 15 seconds",),
    32: ("WebSocket upgrade failed: 429 Too Many Requests. Connection count reaches limit: 20.",),
    33: ("The invoice of this month has SignalR Standard_S1, 1 unit",),
    34: ("The page stays connected while the functions are stopped",),
    35: (
        (
            "Azure.Identity: IDX10223: Lifetime validation failed. The token is expired. ValidTo"
            " (UTC): '11/24/2026 10:00:00'"
        ),
    ),
    36: (
        (
            "WebSocket connection to 'wss://demo.service.signalr.net/client/?hub=chat&id=abc'"
            " failed: Error during handshake"
        ),
        (
            "Failed to load resource: net::ERR_TUNNEL_CONNECTION_FAILED"
            " https://demo.service.signalr.net/client/negotiate"
        ),
    ),
    37: ("Error while accessing 'x-ms-client-principal-name': property doesn't exist.",),
    38: ("I edited negotiate/function.json, and it has no effect",),
    39: (
        (
            "bob's private message does not arrive at anybody: it reaches no one. A private"
            " message reaches nobody"
        ),
    ),
    40: (
        "The sender is alice_contoso.example#EXT#@fabrikam.onmicrosoft.example",
        "live.com#alice@example.com",
    ),
    41: (f"After the sign-in I am at {API}/.auth/login/done, 'You have successfully signed in'",),
    42: ("POST from the browser answers 403 (Forbidden), with curl it is 200",),
    43: (
        (
            "Cookie “AppServiceAuthSession” has been rejected because it is in a cross-site"
            " context and its “SameSite” is “Lax”"
        ),
    ),
    44: ("Portal, Code + Test, Run: HTTP response code 401 Unauthorized",),
    45: ("GET http://localhost:7071/.auth/me 404 (Not Found)",),
    46: ("(Authorization_RequestDenied) Insufficient privileges to complete the operation.",),
    47: (
        "LinuxDynamicWorkersNotAllowedInResourceGroup: Linux dynamic workers are not available in"
        " resource group chat. Use this link to learn more",
    ),
    48: (
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
    49: (
        "SignalR Service chatkit-a1 is at port 8890 now: nginx (process 12) has port 8889.",
        "graph has moved to port 41234: another program has port 37813.",
        "instead of    port 7071, which node (process 812) holds",
        "Port 8890 is taken by python (process 4711); JupyterLab needs it.",
        "Port 7071 is unavailable. Close the process using that port, or specify another port using"
        " --port [-p].",
        "SSLError(1, '[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)')",
    ),
}

UNRELATED = (
    "hello",
    "ModuleNotFoundError: No module named 'numpy'",
    "KeyError: 'text'",
    "SyntaxError: invalid syntax (signalr_info.py, line 12)",
    "GET https://example.com/favicon.ico 404 (Not Found)",
    "The notebook server connection was lost",
    "Published. 4 functions: GetMessages, SendMessage, SignalRInfo, negotiate.",
    "Section 05 works:\n  - POST /api/messages answers the message.",
    "SignalR Service instance ready: Free_F1, Serverless.",
    "[Information] Executed 'Functions.SendMessage' (Succeeded, Duration=12ms)",
    (
        '200 application/json\n{"url": "http://localhost:8888/client/?hub=chat", "accessToken":'
        ' "eyJ… (a token)"}'
    ),
    "Error: listen EADDRINUSE: address already in use :::3000",
    "git: 'psuh' is not a git command. See 'git --help'.",
    "alice: shall we meet at 15 s past noon?",
    (
        'Traceback (most recent call last):\n  File "x.py", line 1, in <module>\n    1 /'
        " 0\nZeroDivisionError: division by zero"
    ),
)
