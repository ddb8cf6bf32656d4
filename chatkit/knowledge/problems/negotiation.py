"""Negotiation and messages: what the page asks, what the functions answer, and what nobody gets."""

from __future__ import annotations

from chatkit.knowledge.problem import LEARN, Problem

PROBLEMS = (
    Problem(
        key="negotiate-twice",
        title="…/negotiate/negotiate",
        cause="The address given to the client ends in negotiate already, and the client adds it"
        " by itself.",
        fix="Give withUrl the address up to /api, as content/live.js does.",
        links=("MicrosoftDocs/azure-docs#50855",),
        says=(r"negotiate/negotiate",),
    ),
    Problem(
        key="template-answer",
        title="Unexpected token T, This HTTP …",
        cause="The function still returns its template's sentence where the client expects JSON.",
        fix="Return what the binding gave: run the cell of section 04 that writes"
        " signalr_info.py, then start or publish anew.",
        links=("MicrosoftDocs/azure-docs#108287",),
        says=(
            r"unexpected token '?t'?.{0,40}this http",
            r"this http.triggered function executed",
            r"unexpected token t in json at position 0",
        ),
    ),
    Problem(
        key="page-instead-of-json",
        title="A web page comes where JSON was expected",
        cause="The address is not that of the functions: a page's server, a sign-in page or an"
        " error page answers with HTML.",
        fix="The base address is scheme and host of the functions: workshop.set_page_url() (or"
        " workshop.prepare_page() for this machine) writes it into the page's config.json.",
        links=("aspnet/SignalR#2422", "MicrosoftDocs/azure-docs#108287"),
        says=(
            r"unexpected token '?<'?",
            r"json\.parse: unexpected character at line 1 column 1",
            r"json parse error: unrecognized token '<'",
            r"'?<!doctype .{0,60}is not valid json",
            r"decode json with unexpected mimetype: text/html",
            r"answered text that is not json: ?'?<",
        ),
        may_say=(r"jsondecodeerror: expecting value: line 1 column 1",),
    ),
    Problem(
        key="wrong-shape",
        title="negotiate answers nothing, or in the wrong case",
        cause="The connection info was serialised once more, or is missing: the client needs url"
        " and accessToken, in this spelling.",
        fix="Return the binding's text unchanged, with content type application/json, as in"
        " section 04.",
        links=(
            "Azure/azure-functions-dotnet-worker#995",
            "aspnet/AzureSignalR-samples#287",
            "MicrosoftDocs/azure-docs#119694",
        ),
        says=(
            r'(?-i:"AccessToken"\s*+:)',
            r'(?-i:"Url"\s*+:\s*+"https?:)',
            r"negotiate.{0,60}(empty|no) (body|response)",
            r"none of the transports supported by the client are supported by the server",
            r"negotiat.{0,120}unexpected end of (json )?input",
            r"negotiat.{0,120}(reading|property) '?(availabletransports|url|accesstoken|length)",
            r"negotiate redirection limit exceeded",
            r"invalid negotiation response",
            r"negotiate did not answer a json object",
            r"(?-i:'AccessToken'\s*+:)",
            r"negotiatevalidationerror",
            r"decode json with unexpected mimetype: text/plain",
        ),
    ),
    Problem(
        key="info-as-trigger",
        title="The connection info is taken for the trigger",
        cause="signalRConnectionInfo is an extra input of a function whose trigger is HTTP;"
        " examples of the older model hide that.",
        fix="Give the function a route and a generic_input_binding of type signalRConnectionInfo,"
        " as in section 04.",
        links=("Azure/azure-functions-nodejs-library#120",),
        says=(
            r"signalrconnectioninfo.{0,80}(is not a|isn't a|as a?) ?trigger",
            r"context\.bindings\.connectioninfo",
            r"extrainputs.{0,80}signalr",
            r"no trigger (binding )?(was )?found.{0,80}(negotiate|signalr)",
            r"function \w+ does not have a trigger",
            r"a trigger was already registered to this function",
        ),
    ),
    Problem(
        key="client-in-function",
        title="Cannot read property 'secure'",
        cause="The function itself connects to the hub with a client; only the browser does that,"
        " the function hands out the token.",
        fix="Leave the client out of the function: it answers url and accessToken, and sends"
        " through its output binding.",
        links=("Azure/azure-signalr#1799",),
        says=(r"cannot read propert(y|ies) .{0,30}'secure'", r"reading 'secure'"),
    ),
    Problem(
        key="handler-does-not-match",
        title="The message is sent, and the handler never fires",
        cause="Target and number of arguments have to be those of the client's handler: newMessage"
        " with one object.",
        fix='Send {"target": "newMessage", "arguments": [message]}: run the cell that writes'
        " send_message.py again.",
        links=("Azure-Samples/signalr-service-quickstart-serverless-chat#8",),
        says=(
            r"no client method with the name '?\w+'? found",
            r"invocation provides \d+ argument\(s\) but target expects \d+",
            r"handler (never|does not|doesn't) (fire|run)",
            r"failed to find handler for '?\w+'? method",
            r"no handler (is )?registered for (method|target)",
        ),
    ),
    Problem(
        key="hub-name-invalid",
        title="The hub's name is not allowed",
        cause="A hub's name has letters, digits and underscores, and begins with a letter.",
        fix="Write such a name, chat for example, as hubName in signalr_info.py and"
        " send_message.py.",
        links=("https://learn.microsoft.com/azure/azure-signalr/signalr-quickstart-rest-api",),
        says=(
            r"(invalid|illegal) hub ?name",
            r"hub ?(name)? '?[^']{0,60}'? (is (invalid|not valid|not allowed)|does not fit)",
            r"has no hubname",
        ),
    ),
    Problem(
        key="wrong-return",
        title="The function returns what is no answer",
        cause="What the function returns or sets is not of a type that its binding takes: a dict"
        " where text or an HttpResponse is expected, or nothing at all.",
        fix="Return func.HttpResponse(...); give the output binding json.dumps(...), as the cells"
        " of sections 04 and 05 do.",
        links=("https://learn.microsoft.com/azure/azure-functions/functions-reference-python",),
        says=(
            r"unable to encode outgoing typeddata",
            r"unsupported type \"?<class",
            r"unable to convert (jobject to valid output binding type|the value of the signalr)",
            r"in the value of the signalr output binding cannot be sent",
            r"object of type \w+ is not json serializable",
            r"cannot be written as json",
            r"return value .{0,60}(must be|is not) .{0,20}httpresponse",
        ),
    ),
    Problem(
        key="hubs-differ",
        title="A message is sent, and nothing arrives anywhere",
        cause="Clients listen on one hub and messages go to another: negotiate and the output"
        " binding name different hubs (or different connection settings).",
        fix="Write one hub's name into both, hubName in signalr_info.py and in send_message.py,"
        " then start or publish the functions anew.",
        links=("MicrosoftDocs/azure-docs#41029", "Azure/azure-signalr#290"),
        says=(
            r"(send|sent|post(ed)?|messages?)\b.{0,60}\bnothing (arrives|happens|is received"
            r"|comes|shows up|appears)",
            r"(messages?|broadcasts?)\b.{0,40}\b(never|not|n't|do not|does not) "
            r"(being )?(arriv|received|reach|show|appear|deliver)\w{0,4}(?!.{0,40}private)",
            r"nobody (gets|receives|sees) (the|my|any) messages?",
            r"hub names? .{0,40}(differ|mismatch|do not match)",
            r"connected.{0,80}(receive|get)s? no messages?",
        ),
    ),
    Problem(
        key="binding-name",
        title="A binding's name that is no parameter",
        cause="The arg_name of a binding is the function's parameter.",
        fix="Compare with the cells of sections 04 and 05: arg_name as in the signature.",
        links=("MicrosoftDocs/azure-docs#90568", "MicrosoftDocs/azure-docs#65486"),
        says=(
            r"parameters are declared in (python|function\.json) but not in (function\.json"
            r"|python)",
            r"outmessages.{0,80}(not|unknown|undefined)",
            r"cannot load the \w+ function: (type of|the python annotation|binding|the \"?return)",
            r"binding .{0,60}has (an )?invalid non-type annotation",
            r"(got an unexpected keyword argument|missing \d required positional argument)"
            r".{0,80}(req|connection_?info|signalr|out)",
        ),
    ),
    Problem(
        key="calls-nobody-serves",
        title="The page calls a hub method, and there is no hub server",
        cause="In Serverless mode a client's invoke or send goes to the service, which hands it to"
        " an upstream; the tutorial has none, its page posts to the functions.",
        fix="Send with POST /api/messages as content/api.js does; to have hub methods, write a"
        " SignalR trigger and set the upstream URL of the instance.",
        links=("aspnet/AzureSignalR-samples#263",),
        says=(
            r"(there is |has )?no upstream",
            r"invocation failed, status code 404",
            r"failed to invoke '\w+' (due to|because of) an error on the server",
            r"streaming is not supported",
            r"method does not exist\.? *$",
        ),
    ),
    Problem(
        key="upstream-refuses",
        title="The upstream refuses the service's call",
        cause="SignalR Service calls the app at its upstream URL, and the app answers 401 or 403:"
        " the system key in the URL is missing or was renewed, or sign-in stands before it.",
        fix="Put the app's system key signalr_extension into the upstream URL (?code=...), and"
        " exclude /runtime/webhooks from sign-in (excludedPaths).",
        links=(
            "aspnet/AzureSignalR-samples#263",
            "Azure/azure-functions-signalrservice-extension#63",
        ),
        says=(
            r"invocation failed, status code (401|403)",
            r"/runtime/webhooks/signalr.{0,120}\b(401|403)\b",
            r"\b(401|403)\b.{0,120}/runtime/webhooks/signalr",
        ),
    ),
    Problem(
        key="upstream-fails",
        title="The upstream fails",
        cause="SignalR Service calls the app at its upstream URL, and the function there fails or"
        " does not run.",
        fix="The app's log has the exception, with file and line: `chatkit logs`.",
        links=("aspnet/AzureSignalR-samples#263",),
        says=(r"invocation failed, status code 5\d\d",),
    ),
    Problem(
        key="not-connected-yet",
        title="The connection is used before it is there, or after it has gone",
        cause="The page sends or starts while its connection is not in the state for it.",
        fix="Wait for start() to finish before sending, start only once, and start anew after"
        " onclose, as content/live.js does.",
        links=(
            "vany0114/SignalR-Core-SqlTableDependency#4",
            "https://learn.microsoft.com/aspnet/core/signalr/javascript-client",
        ),
        says=(
            r"cannot send data if the connection is not in the '?connected'? state",
            r"cannot start a (hub)?connection that is not in the '?(disconnected|initial)'? state",
            r"the connection was stopped (during negotiation|before)",
            r"stop\(\) was called before start\(\) completed",
            r"invocation canceled due to (the underlying )?connection (being )?closed",
            r"\w is (not|already) connected\.",
            r"hub is not running you cand? send messages",
            r"underlying connection being closed",
        ),
    ),
    Problem(
        key="other-signalr",
        title="Client and service speak different SignalR protocols",
        cause="The client is of another generation: ASP.NET SignalR 2, or one older than the"
        " protocol's first version.",
        fix="Use @microsoft/signalr (content/ has it), or pysignalr and signalrcore in their newest"
        " versions.",
        links=("aspnet/SignalR#2422", "https://www.npmjs.com/package/@microsoft/signalr"),
        says=(
            r"does not support version \d+ of the '?\w+'? protocol",
            r"detected a connection attempt to an asp\.net (core )?signalr server",
            r"(requested )?protocol '?\w+'? is not (available|supported)",
            r"unsupported hub protocol",
            r"expected a handshake (request|response)",
            r"jquery\.signalr|error during negotiation request",
            r"(error parsing|invalid) handshake response",
            r"server returned handshake error: (?!.{0,60}default)",
            r"asp\.net signalr.{0,80}not supported",
            r"'serversentevents' does not support binary",
        ),
    ),
    Problem(
        key="negotiate-401",
        title="negotiate asks who you are",
        cause="Sign-in stands before the functions, or they ask for it, and the request has no"
        " session: no X-ZUMO-AUTH header, or an old token. A function key may be asked for, too.",
        fix="Sign in on the page first; in a cell, workshop.sign_in_as('alice').headers goes with"
        " the request. The route's auth_level is anonymous.",
        links=(
            "Azure/azure-functions-signalrservice-extension#63",
            "Azure/azure-functions-host#6128",
        ),
        says=(
            r"negotiat.{0,200}\b(unauthorized|status code '?401|http 401|code 401)",
            r"(unauthorizedhuberror|pysignalr\.exceptions\.authorizationerror)",
            r"\b401\b( \(unauthorized\))?.{0,160}negotiate",
            r"negotiat.{0,160}\b401\b",
        ),
        may_say=(
            r"http error 401: unauthorized",
            r"a status of 401\b",
            r"hubexception: unauthorized",
        ),
    ),
    Problem(
        key="negotiate-403",
        title="negotiate is forbidden",
        cause="The app knows who asks and does not admit them, or the app is stopped: Azure"
        " answers a stopped app's address with 403.",
        fix="workshop.doctor() says whether the app is stopped; workshop.enable_authentication()"
        " admits everybody who signs in.",
        links=("aspnet/AzureSignalR-samples#263", "Azure/azure-functions-host#1602"),
        says=(
            r"negotiat.{0,200}\b(forbidden|status code '?403|http 403)",
            r"pysignalr\.exceptions\.connectionerror: 403",
        ),
        may_say=(r"http error 403: forbidden",),
    ),
    Problem(
        key="negotiate-404",
        title="404 on negotiate",
        cause="The page calls another address than that of the functions, or they are not"
        " published: the base is scheme and host, the page adds /api/negotiate.",
        fix="workshop.set_page_url(), then workshop.upload_page(); keep the route prefix api. If"
        " the address is right, workshop.publish_functions().",
        links=("Azure/azure-signalr#494",),
        says=(
            r"negotiat.{0,200}(not found: status code '?404|error: not found\b|http 404)",
            r"either this is not a signalr endpoint or there is a proxy blocking",
            r"pysignalr\.exceptions\.connectionerror: 404",
        ),
        may_say=(
            r"negotiat.{0,160}\b404\b",
            r"http error 404: not found",
            r"\b404\b.{0,160}[/ ]negotiate",
            r"failed to (complete negotiation|start the connection).{0,80}not found",
        ),
    ),
    Problem(
        key="no-such-address",
        title="404: no function has that address",
        cause="The address is mistyped or lacks /api, the request has another method than the"
        " function's route, or the function is not in the app: function_app.py does not register"
        " its blueprint, or it was not published since.",
        fix="workshop.logs() lists the addresses that the functions answered when they were"
        " started. function_app.py registers each blueprint (cells of sections 04 to 06); then"
        " workshop.start_functions(), and workshop.publish_functions() for the deployed app.",
        links=(f"{LEARN}/azure-functions/functions-bindings-http-webhook-trigger",),
        may_say=(
            r"https?://[^\s/]{1,200}/api/(?!\S{0,60}negotiat)[\w-]{1,60}\S{0,60} .{0,40}\b404\b",
            r"\b404\b.{0,80}https?://[^\s/]{1,200}/api/(?!\S{0,60}negotiat)",
            r"the server responded with a status of 404(?!.{0,200}(negotiat|\.js\b))",
            r"no function answers (get|post)\b",
        ),
    ),
    Problem(
        key="negotiate-405",
        title="negotiate takes another method",
        cause="Clients ask negotiate with POST; the function's route lists other methods.",
        fix='Give the route methods=["POST"], as the cell of section 04 does.',
        links=("Azure/azure-signalr#494",),
        says=(
            r"negotiat.{0,160}\b405\b",
            r"\b405\b.{0,160}negotiate",
            r"negotiat.{0,200}method not allowed",
        ),
    ),
)
