"""Notebooks: kernels, widgets, nbval, and the environment they run in."""

from __future__ import annotations

from chatkit.knowledge.problem import Problem

LAB = "`python3 -m chatkit lab`"

PROBLEMS = (
    Problem(
        key="cell-timeout",
        title="A cell took longer than it may",
        cause="The program that runs the notebook waits a limited time for each cell, and making"
        " resources takes longer.",
        fix="nbval: `--nbval-cell-timeout=600`; nbconvert and nbclient: timeout=600. `chatkit run`"
        " has limits that fit.",
        links=("https://nbval.readthedocs.io", "https://nbclient.readthedocs.io"),
        says=(
            r"timeout of [\d.]+ seconds exceeded waiting for output",
            r"a cell timed out while it was being executed",
            r"cell execution timed out",
            r"celltimeouterror",
            r"timeout waiting for (execute|iopub|idle)",
        ),
    ),
    Problem(
        key="kernel-gone",
        title="The kernel has gone",
        cause="The process behind the notebook ended: out of memory, killed, or its environment was"
        " removed while it ran.",
        fix="Restart the kernel and run the first cell again; what was done is kept. If it stays,"
        f" remove .venv and start {LAB}.",
        links=("https://docs.jupyter.org/en/latest/projects/kernels.html",),
        says=(
            r"deadkernelerror",
            r"\bkernel\b.{0,120}(appears to have )?\bdied\b",
            r"kernel .{0,40}(is )?dead\b",
            r"kernel (restarting|unresponsive)",
            r"failed to start (the )?kernel",
            r"timeout waiting for kernel",
        ),
    ),
    Problem(
        key="no-kernel",
        title="The notebook's kernel is not known here",
        cause="The notebook names a kernel that this Jupyter does not have, or Jupyter runs in"
        " another environment than the kit.",
        fix=f"Start Lab with {LAB} and choose Python 3 (ipykernel).",
        links=("https://docs.jupyter.org/en/latest/install/kernels.html",),
        says=(
            r"no such kernel",
            r"nosuchkernel",
            r"kernel .{0,60}not found",
            r"could not find a kernel matching",
            r"no module named '?ipykernel",
        ),
    ),
    Problem(
        key="widget-not-shown",
        title="A panel is not shown",
        cause="The panel belongs to a kernel that has ended, or the page has no support for"
        " widgets.",
        fix="Run the cell again that opened the panel. In another front end than the kit's Lab,"
        " ipywidgets has to be installed there as well.",
        links=("jupyter-widgets/ipywidgets#3823", "matplotlib/ipympl#38"),
        says=(
            r"error (displaying|creating) widget",
            r"widget model (not found|could not)",
            r"model (class )?.{0,60}not found.{0,60}widget",
            r"failed to load model class",
            r"could not find model",
            r"loading widget\.\.\.",
        ),
    ),
    Problem(
        key="output-differs",
        title="nbval sees another output than the stored one",
        cause="The cell printed something else than when the notebook was stored: the code, a"
        " name or a version differs, or the cell failed.",
        fix="`make notebooks` stores outputs anew; what differs by nature is listed in the"
        " sanitiser file.",
        links=("https://nbval.readthedocs.io",),
        says=(
            r"cell outputs differ",
            r"notebook cell execution failed",
            r"mismatch '(text/plain|text/html|stdout|stderr|traceback)'",
            r"unexpected output fields|missing output fields",
        ),
    ),
    Problem(
        key="first-cell-not-run",
        title="The notebook's first cell has not run",
        cause="The kernel is new and does not know the names that the first cell makes.",
        fix="Run the first cell (workshop = Workshop.open()), then this one again.",
        links=("https://docs.jupyter.org",),
        says=(
            r"magic (function )?'?%{0,2}chatfile'? not found",
            r"nameerror: name '(workshop|panel|workshop\w*|get|post|claims|alice|bob|carol)' is"
            r" not defined",
        ),
    ),
    Problem(
        key="loop-runs-already",
        title="A cell starts an event loop in one that runs",
        cause="A notebook's kernel has a running event loop: asyncio.run() does not work there.",
        fix="Write `await ...` in the cell instead of asyncio.run(...).",
        links=("https://ipython.readthedocs.io/en/stable/interactive/autoawait.html",),
        says=(
            r"(this|another|the) event loop is already running",
            r"asyncio\.run\(\) cannot be called from a running event loop",
        ),
    ),
    Problem(
        key="environment-broken",
        title="The environment cannot be made",
        cause="The installer cannot make or fill an environment: no venv module, a Python that the"
        " system manages, a hash that differs, a package that is mistyped or is not offered for"
        " this Python, or no way to the package index.",
        fix=f"Remove .venv and start {LAB} again. On Debian: `apt install python3-venv`. Behind a"
        " proxy set HTTPS_PROXY, with a mirror PIP_INDEX_URL. Without internet, `chatkit pack"
        " FOLDER` on another machine makes a folder that starts here.",
        links=(
            "https://packaging.python.org/guides/installing-using-pip-and-virtual-environments",
        ),
        says=(
            r"could not find a version that satisfies",
            r"no matching distribution found",
            r"retrying \(retry\(total=.{0,500}/simple/",
            r"ensurepip is not available",
            r"externally.managed.environment",
            r"do not match the hashes",
            r"hash mismatch",
            r"could not fetch url .{0,120}",
            r"pypi\.org.{0,200}(timed? ?out|failed|refused|unreachable)",
            r"no module named '?(venv|ensurepip|pip)\b",
            r"failed to (create|build) (the )?(virtual environment|venv|wheel)",
            r"error: subprocess-exited-with-error",
            r"failed building wheel",
        ),
    ),
    Problem(
        key="check-failed",
        title="A section's check failed",
        cause="Something is not as the section leaves it; the check says what it expected and what"
        " it got.",
        fix="The hint after it says what to type. workshop.doctor() looks at everything else.",
        links=("https://github.com/Azure-Samples/signalr-service-quickstart-serverless-chat",),
        says=(r"checkfailed: ",),
    ),
)
