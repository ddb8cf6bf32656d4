"""This machine: what does not run, ports that moved or are taken, disk and rights."""

from __future__ import annotations

from chatkit.knowledge.problem import Problem

HERE = r"(localhost|127\.0\.0\.1|\[?::1\]?)"
# The ports of the development storage are another problem.
PORT = r"(?!:?1000[012]\b)"

PROBLEMS = (
    Problem(
        key="drill",
        title="A failure is played on purpose",
        cause="Somebody has begun a drill with `chatkit local fault`: what it lets fail looks as it"
        " does when it breaks by itself.",
        fix="A drill ends by itself; `chatkit local fault --clear` ends it now. Then ask the doctor"
        " again.",
        links=("https://learn.microsoft.com/azure/chaos-studio/chaos-studio-overview",),
        says=(r"\((signalr-drop|functions-down|storage-down|slow|token-expired), \d+ s left\)",),
    ),
    Problem(
        key="port-taken",
        title="An address of this machine has another port than before",
        cause="Another program has the port, so that the server took a free one or did not start."
        " The kit's files follow; a shell, a script or a page that was published keeps the old"
        " one.",
        fix="`chatkit local up` says what moved; `chatkit func start FOLDER --port N` takes another"
        ' port. In each shell: eval "$(chatkit local env)"; in code, read the address from the'
        " settings; for the deployed page, workshop.upload_page().",
        links=("Azure/azure-functions-core-tools#145", "Azure/Azure-Functions#1000"),
        says=(
            r"is at port \d+ now: .{1,80} has port \d+",
            r"has moved to port \d+",
            r"port \d+, which .{1,80} holds",
            r"\bport \d+ (is|was) (already )?(taken|unavailable|in use|allocated)",
            r"(address|port)( is)? already in use",
            r"eaddrinuse",
            r"only one usage of each socket address",
            r"found no port",
            r"wrong[_ ]version[_ ]number",
            r"err_ssl_protocol_error",
        ),
    ),
    Problem(
        key="disk-full",
        title="The disk is full",
        cause="There is no room left for what the kit has to write.",
        fix="Free 600 MB; `chatkit clean` and deleting in the local cloud work on a full disk,"
        " too.",
        links=("https://docs.python.org/3/library/errno.html#errno.ENOSPC",),
        says=(
            r"no space left on device",
            r"errno 28\b|enospc",
            r"not enough space on the disk",
            r"the disk is full",
            r"disk quota exceeded|errno 122\b",
        ),
    ),
    Problem(
        key="home-damaged",
        title="A file of the kit is damaged or of another version",
        cause="A file of the kit's home does not hold what the kit wrote, or a newer version wrote"
        " it.",
        fix="`chatkit local repair` mends what can be mended; `chatkit local reset --keep-app`"
        " begins anew and keeps your app and notebooks.",
        links=("https://www.sqlite.org/howtocorrupt.html",),
        says=(
            r"(settings\.json|state\.db|version\.json|cloud\.json) is damaged",
            r"was written by a newer chatkit",
            r"database disk image is malformed|file is not a database",
            r"home(damaged|toonew)",
        ),
    ),
    Problem(
        key="may-not-write",
        title="A file or folder may not be read or written",
        cause="It belongs to somebody else, its rights leave you out, or its place takes no writes"
        " (the kit was started once with sudo, or the folder is shared).",
        fix="`chmod u+rw FILE` gives you a file of yours back, `chown` one of somebody else's. Or"
        " set CHATKIT_HOME to a folder of yours.",
        links=("https://docs.python.org/3/library/errno.html#errno.EACCES",),
        says=(
            r"permissionerror|errno 13\b|\beacces\b",
            r"permission denied(?! to perform)",
            r"read-only file system|errno 30\b|notwritten: .{0,200}takes no writes",
            r"winerror 5\b|access to the path .{0,200} is denied",
            r"belongs to somebody else",
        ),
    ),
    Problem(
        key="too-many-files",
        title="Too many files are open",
        cause="This account may open few files at once, and the kit's processes need more.",
        fix="`ulimit -n 4096` in the terminal before the kit is started.",
        links=("https://docs.python.org/3/library/errno.html#errno.EMFILE",),
        says=(r"too many open files|errno 24\b|\bemfile\b",),
    ),
    Problem(
        key="not-running",
        title="Something is not running on this machine",
        cause="What should answer there does not run: the local cloud with all its services, or"
        " the functions or the page on this machine.",
        fix="In a notebook, workshop = Workshop.open() starts the local cloud with everything it"
        " held, then workshop.start_functions() and workshop.start_page() what ran on this"
        " machine; in a terminal, `chatkit local up`.",
        links=("microsoft/AzureStorageExplorer#4458", "Azure/Azurite#2339"),
        says=(
            r"\blocal cloud (is not|isn't|does not|doesn't|did not) (run|start|answer)",
            # Python: urllib3 (az, the SDKs), requests, aiohttp; then curl, Node, Go.
            rf"host='?{HERE}'?, port=(?!1000[012]\b)\d+\).{{0,300}}(connection refused|refused it"
            r"|timed out)",
            r"failed to establish a new connection: \[(errno (61|111)|winerror 10061)\]",
            rf"cannot connect to host {HERE}{PORT}:\d+ ",
            rf"failed to connect to {HERE} (\([^)]{{1,40}}\) )?port (?!1000[012]\b)\d+",
            rf"(econnrefused|dial tcp) {HERE}{PORT}:\d+",
            rf"connect call failed \('{HERE}', (?!1000[012]\b)\d+",
            # Browsers, on their own page and in the console.
            r"err_connection_refused",
            r"err_empty_response",
            r"cors request did not succeed",
            rf"{HERE} refused to connect",
            rf"can't (establish a connection to|connect to) the server .{{0,40}}{HERE}{PORT}",
            rf"connection to '?wss?://{HERE}(?!.{{0,2000}}(authentication failed|response code))",
            rf"http://{HERE}{PORT}:\d+ does not answer",
            r"(functions|page) (do|does) not run on this machine",
            r"no functions run on this machine",
            r"\bno signalr service instance of the local cloud has port",
            rf"the signalr service at https?://{HERE}{PORT}:\d+ cannot be reached",
        ),
        may_say=(
            r"connection ?refused(error)?",
            r"typeerror: fetch failed",
            r"(target machine )?actively refused",
            r"does not answer\b",
            r"nothing answers there",
            r"(all )?connection attempts failed",
            r"errno (61|111)\b|winerror 10061",
        ),
    ),
)
