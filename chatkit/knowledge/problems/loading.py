"""Loading the functions: why an app has none, or none that works."""

from __future__ import annotations

from chatkit.knowledge.problem import LEARN, Problem

TROUBLESHOOT = "https://aka.ms/functions-modulenotfound"

PROBLEMS = (
    Problem(
        key="app-folder-gone",
        title="Your app is gone from my-chat",
        cause="Sections that write the app are done, and its files are not there any more: moved,"
        " renamed or deleted.",
        fix="Put the folder back, or let the notebooks write it again: `chatkit catch-up`.",
        links=("Azure/azure-functions-core-tools#2649",),
        says=(
            r"my-chat\S{0,60} (is gone|does not exist|not found|no longer)",
            r"no such file or directory: '?\S{0,200}my-chat",
            r"(can't|cannot) (open|find|read) .{0,100}my-chat",
        ),
    ),
    Problem(
        key="package-of-another-system",
        title="A package was built for another system",
        cause="A package with compiled parts was installed on another system, or for another"
        " Python, than the one that loads it.",
        fix="Let Azure build: workshop.publish_functions() (in Core Tools --build remote), without"
        " .python_packages in the folder; here, remove .venv and start `chatkit lab`.",
        links=(
            "Azure/azure-functions-core-tools#2163",
            "https://learn.microsoft.com/azure/azure-functions/recover-python-functions",
        ),
        says=(
            r"version `?'?glibc\w*_\d[\d.]*'? not found",
            r"(invalid elf header|wrong elf class|mach-o file, but is an incompatible)",
            r"cannot import name '\w+' from '(cryptography|cffi|_cffi|grpc|numpy)",
            r"dll load failed while importing",
            r"no module named '?(_cffi_backend|cryptography\.hazmat|grpc\._cython|_ctypes)",
            r"\.so: (cannot open shared object|undefined symbol|wrong elf)",
        ),
    ),
    Problem(
        key="no-kit-here",
        title="The notebook's Python does not have the kit",
        cause="The kernel is another Python than the kit's environment.",
        fix="Start Lab with `python3 -m chatkit lab` and choose the kernel Python 3 (ipykernel).",
        links=("https://docs.jupyter.org/en/latest/install/kernels.html",),
        says=(
            r"no module named '?\"?chatkit\b",
            r"cannot import name '\w+' from '?chatkit",
        ),
    ),
    Problem(
        key="sdk-too-old",
        title="The azure-functions package is too old",
        cause="The app is written for the Python v2 model, and the azure-functions package that is"
        " installed is older.",
        fix="azure-functions in requirements.txt without an old version, then `pip install -r"
        " requirements.txt` and start or publish anew.",
        links=("Azure/azure-functions-python-worker#1151",),
        says=(
            r"azure\.functions'? has no attribute '?(functionapp|blueprint|authlevel)",
            r"cannot import name '(functionapp|blueprint)'",
        ),
    ),
    Problem(
        key="package-missing",
        title="A package is missing where the code runs",
        cause="The environment that runs the code does not have the package: requirements.txt does"
        " not name it, or another interpreter runs than the one it was installed for.",
        fix="Add it to requirements.txt and publish again (workshop.publish_functions()); on this"
        " machine install it into the environment that runs the functions, and start them anew.",
        links=(TROUBLESHOOT, "Azure/azure-functions-core-tools#2163"),
        says=(
            r"modulenotfounderror",
            r"no module named '?[\w.]+'?",
            r"requirements\.txt does not name azure-functions",
            r"please check the requirements\.txt file for the missing module",
            r"cannot find module '[^']{1,80}'",
            r"err_module_not_found",
        ),
    ),
    Problem(
        key="no-functions",
        title="The host finds no functions",
        cause="Nothing was indexed: function_app.py does not load, is not at the root of the app,"
        " or has a FunctionApp without functions.",
        fix="The lines above this one in the host's log name file and line of what failed. Run the"
        " cells of sections 03 to 05 that write the app, and start it from my-chat/functions.",
        links=(
            "Azure/azure-functions-host#9679",
            "Azure/azure-functions-python-worker#1815",
            "Azure-Samples/chat-with-your-data-solution-accelerator#384",
        ),
        says=(
            r"no (job )?functions found",
            r"\b0 functions (found|loaded)",
            r"generating 0 job function",
            r"no http triggers found",
            r"worker failed to (index|load) function",
            r"unable to find project root",
            r"has a functionapp without functions",
            r"there is no \S{1,60} with a functionapp",
            r"there is no host\.json in",
            r"programming model 1 of python",
            r"could not find top level function app instances",
            r"(multiple|two) (instances of )?functionapp",
            r"function_app\.py (is|was) (missing|not found)",
            r"error in index_function_app",
        ),
    ),
    Problem(
        key="app-does-not-load",
        title="The function app does not load",
        cause="Importing the app fails: the exception names its file and line.",
        fix="Correct that line and save: a local run loads the app again by itself; then"
        " workshop.publish_functions() for the deployed app.",
        links=("Azure/azure-functions-host#9679", "Azure/azure-functions-python-worker#234"),
        says=(
            r"a host error has occurred: the function app did not start",
            r"cannot load the app",
            r"(syntaxerror|indentationerror|taberror): .{0,200}\.py\b",
            r"\.py\"?, line \d+ .{0,400}\b(syntaxerror|indentationerror|taberror): ",
            r"importerror: ",
            r"exited with code \d+",
            r"(start(ing)?|failed to start) (a new )?(language )?worker (process|channel)",
            r"language worker process exited",
            r"exceeded language worker restart retry count",
            r"(worker|app's) process (ended|exited|crashed)",
            r"importing the app took longer",
        ),
        may_say=(
            r"a host error has occurred during startup",
            r"functionloaderror",
            r"\bfunction ('[^']{1,128}' )?is in error:",
            r"error indexing method '",
            r"(indentationerror|taberror): ",
        ),
    ),
    Problem(
        key="route-conflict",
        title="Two functions want the same address",
        cause="Two functions have the same route and method, or a route is one of the host's own"
        " (admin, runtime) or malformed.",
        fix="Give each function a route of its own: compare with the cells of sections 04 to 06.",
        links=(f"{LEARN}/azure-functions/functions-bindings-http-webhook-trigger",),
        says=(
            r"the route .{0,200}(conflicts|is used|uses a parameter|has an? (closing|empty"
            r"|parameter|catch.all|constraint)|has something it should not|mixes a catch.all)",
            r"constraint reference .{0,200}could not be resolved",
            r"conflicts? with (one or more built.in routes|the route of)",
            r"function name .{0,60}(already|not unique|must be unique)",
            r"is not a valid function name",
            r"a function with the same name",
        ),
    ),
    Problem(
        key="function-timeout",
        title="A function takes too long",
        cause="The function waits for something that does not answer, or works longer than"
        " functionTimeout in host.json (5 minutes; a request ends after 230 seconds in Azure).",
        fix="Give calls inside the function a time-out; the host's log names the function.",
        links=(
            "https://learn.microsoft.com/azure/azure-functions/functions-host-json#functiontimeout",
        ),
        says=(
            r"timeout value of \d\d:\d\d:\d\d (was )?exceeded by function",
            r"functiontimeout(exception|error)",
            r"function .{0,60}timed out",
        ),
    ),
    Problem(
        key="function-raises",
        title="A function raised an exception",
        cause="The function's own code failed while it ran; a browser sees the bare 500.",
        fix="The exception names file and line of your code: correct it, save, and try again."
        " `chatkit logs` and .chatkit/logs/functions.log have all of it.",
        links=("Azure/azure-functions-host#9679",),
        says=(
            r"exception while executing function",
            r"result: failure",
            r"executed 'functions\.[\w-]{1,128}' \(failed",
            r"\ba function failed; the app's log",
            r"file \"[^\"]{0,200}(my-chat|functions|wwwroot)[^\"]{0,120}\", line \d+",
        ),
    ),
)
