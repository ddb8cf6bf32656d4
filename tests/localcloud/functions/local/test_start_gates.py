"""What decides whether and how a local run starts, as with Core Tools and in Azure."""

from __future__ import annotations

import importlib.util
import sys
import venv
from pathlib import Path

import azure.functions as func
import pytest

from chatkit.localcloud.functions.worker_process.chatkit_worker import missing_packages
from chatkit.localcloud.functions.worker_process.worker import BOOT
from tests.localcloud.functions.functions_testing import Serve, settings_json, until, write_app

HELLO = "@app.route(route='hello')\ndef hello(req): return 'hello'\n"


def bundle(version: str) -> str:
    """A host.json that asks for a bundle."""
    id_ = "Microsoft.Azure.Functions.ExtensionBundle"
    return f'{{"version": "2.0", "extensionBundle": {{"id": "{id_}", "version": "{version}"}}}}'


async def test_a_bundle_below_the_minimum_keeps_the_app_from_starting(
    serve: Serve, tmp_path: Path
) -> None:
    """The routes answer 503 with the host's sentence; the home page is the host's own."""
    served = await serve(write_app(tmp_path / "app", HELLO, host=bundle("[1.*, 2.0.0)")))
    status, text = await served.ask("GET", "/api/hello")
    assert status == 503 and "does not meet the required minimum version of 2.6.1" in text
    status, text = await served.ask("GET", "/")
    assert status == 200 and "up and running" in text


@pytest.mark.parametrize(("setting", "status"), [("true", 204), ("True", 204), ("1", 200)])
async def test_a_broken_app_has_the_home_page_that_its_settings_say(
    serve: Serve, tmp_path: Path, setting: str, status: int
) -> None:
    """AzureWebJobsDisableHomepage takes it away, and only as `true`."""
    settings = settings_json({"AzureWebJobsDisableHomepage": setting})
    app = write_app(tmp_path / "app", "import not_there_at_all\n", local_settings_json=settings)
    served = await serve(app)
    assert (await served.ask("GET", "/"))[0] == status
    assert (await served.ask("GET", "/api/hello"))[0] == 503


@pytest.mark.parametrize("language", ["node", "dotnet-isolated", "pyton"])
async def test_an_app_in_another_language_has_no_python_functions(
    serve: Serve, tmp_path: Path, language: str
) -> None:
    """The host runs and finds nothing; the console says why. The app is not even imported."""
    settings = settings_json({"FUNCTIONS_WORKER_RUNTIME": language})
    script = f"open({str(tmp_path / 'imported')!r}, 'w').close()\n{HELLO}"
    served = await serve(write_app(tmp_path / "app", script, local_settings_json=settings))
    assert await served.ask("GET", "/api/hello") == (404, "")
    assert (await served.ask("GET", "/"))[0] == 200
    assert f"No functions: FUNCTIONS_WORKER_RUNTIME is '{language}'" in served.log
    assert not (tmp_path / "imported").exists()


async def test_a_list_of_functions_that_names_none_of_them_is_named(
    serve: Serve, tmp_path: Path
) -> None:
    """The app has a function: only host.json is to be looked at."""
    host = '{"version": "2.0", "functions": ["nope"]}'
    served = await serve(write_app(tmp_path / "app", HELLO, host=host))
    assert 'No functions: "functions" in host.json leaves out all that the app' in served.log
    assert "has: hello." in served.log and "without functions" not in served.log


async def test_a_function_in_error_is_not_listed_as_one_that_runs(
    serve: Serve, tmp_path: Path
) -> None:
    """Its route is broken, so that the list would show the root as its address."""
    broken = "@app.route(route='{a')\ndef broken(req): return 'x'\n"
    served = await serve(write_app(tmp_path / "app", HELLO + broken))
    assert "The 'broken' function is in error: " in served.log
    assert "\tbroken: in error, see above" in served.log
    assert f"\thello: {served.url}/api/hello" in served.log


async def test_python_is_the_language_in_any_case(serve: Serve, tmp_path: Path) -> None:
    """And when none is named."""
    settings = settings_json({"FUNCTIONS_WORKER_RUNTIME": "Python"})
    served = await serve(write_app(tmp_path / "app", HELLO, local_settings_json=settings))
    assert await served.ask("GET", "/api/hello") == (200, "hello")


async def test_programming_model_1_is_named(serve: Serve, tmp_path: Path) -> None:
    """No word about a file that is missing."""
    app = write_app(tmp_path / "app")
    (app / "function_app.py").unlink()
    (app / "hello").mkdir()
    (app / "hello" / "function.json").write_text(
        '{"scriptFile": "__init__.py", "bindings": []}', encoding="utf-8"
    )
    served = await serve(app)
    assert "programming model 1" in served.log and "missing" not in served.log
    assert (await served.ask("GET", "/api/hello"))[0] == 404


async def test_functions_that_are_not_converted_yet_are_named(serve: Serve, tmp_path: Path) -> None:
    """Beside a FunctionApp the host reads no function.json, and says so."""
    app = write_app(tmp_path / "app", HELLO)
    for name in ("Send", "Negotiate"):
        (app / name).mkdir()
        (app / name / "function.json").write_text('{"bindings": []}', encoding="utf-8")
    served = await serve(app)
    assert "Some functions may not be indexed - Negotiate, Send." in served.log
    assert await served.ask("GET", "/api/hello") == (200, "hello")


NAMES = """
@app.function_name('host')
@app.route(route='reserved')
def reserved(req): return 'x'

@app.route(route='underscore')
def _underscore(req): return 'x'

@app.route(route='letters')
def größe(req): return 'x'

@app.function_name('n' * 129)
@app.route(route='long')
def long(req): return 'x'

@app.route(route='twice', trigger_arg_name='my__req')
def twice(my__req): return 'x'

@app.route(route='ascii', trigger_arg_name='größe')
def ascii(größe): return 'x'

@app.route(route='fine', trigger_arg_name='_my_req')
def fine_(_my_req): return 'fine'
"""


async def test_names_are_what_the_host_takes(serve: Serve, tmp_path: Path) -> None:
    """Utility.cs of the Functions host; a function with another name is in error, alone."""
    served = await serve(write_app(tmp_path / "app", NAMES))
    for route in ("reserved", "underscore", "letters", "long"):
        status, text = await served.ask("GET", f"/api/{route}")
        assert status == 503 and "is not a valid function name" in text, route
    for route in ("twice", "ascii"):
        status, text = await served.ask("GET", f"/api/{route}")
        assert status == 503 and "Please assign a valid name to the binding" in text, route
    assert await served.ask("GET", "/api/fine") == (200, "fine")


async def test_variables_of_the_shell_reach_the_app(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever their names; the file's value of the same name does not count."""
    monkeypatch.setenv("MY_OWN_SETTING", "shell")
    script = (
        "import os\n@app.route(route='own')\ndef own(req): return os.environ['MY_OWN_SETTING']\n"
    )
    settings = settings_json({"MY_OWN_SETTING": "file"})
    served = await serve(write_app(tmp_path / "app", script, local_settings_json=settings))
    assert await served.ask("GET", "/api/own") == (200, "shell")
    assert "Skipping 'MY_OWN_SETTING' from local settings" in served.log


ENVIRONMENT = "import sys\n@app.route(route='where')\ndef where(req): return sys.prefix\n"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with azure-functions and with a package of its own."""
    folder = tmp_path_factory.mktemp("environments") / "venv"
    venv.create(folder, symlinks=sys.platform != "win32")
    site = next(iter([*folder.glob("lib/python3*/site-packages"), folder / "Lib/site-packages"]))
    installed = Path(func.__file__).parents[2]
    (site / "azure").mkdir()
    (site / "azure" / "functions").mkdir()
    (site / "azure" / "functions" / "__init__.py").write_text(
        f"__path__ = [{str(installed / 'azure' / 'functions')!r}]\n"
        f"exec(compile(open({func.__file__!r}).read(), {func.__file__!r}, 'exec'))\n",
        encoding="utf-8",
    )
    (site / "theirs.pth").write_text(f"{installed}\n", encoding="utf-8")
    (site / "only_there.py").write_text("", encoding="utf-8")
    return folder


@pytest.mark.parametrize("how", ["activated", "activated by conda", "named"])
async def test_the_persons_environment_runs_the_app(
    serve: Serve, tmp_path: Path, environment: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A package that only this environment has can be imported."""
    settings = settings_json({})
    if how == "activated":
        monkeypatch.setenv("VIRTUAL_ENV", str(environment))
    elif how == "named":
        name = "languageWorkers__python__defaultExecutablePath"
        settings = settings_json({name: str(environment / "bin" / "python")})
    else:
        monkeypatch.delenv("VIRTUAL_ENV", raising=False)
        monkeypatch.setenv("CONDA_DEFAULT_ENV", "mine")
        monkeypatch.setenv("CONDA_PREFIX", str(environment))
    script = f"import only_there\n{ENVIRONMENT}"
    served = await serve(write_app(tmp_path / "app", script, local_settings_json=settings))
    assert await served.ask("GET", "/api/where") == (200, str(environment))
    assert (f"The app runs in the environment {environment}." in served.log) == (how != "named")
    assert (f"The app runs with {environment}" in served.log) == (how == "named")


async def test_an_environment_without_the_sdk_is_said_and_not_used(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is that of another project; the app runs as ever."""
    (tmp_path / "other" / "bin").mkdir(parents=True)
    (tmp_path / "other" / "bin" / "python").touch()
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "other"))
    served = await serve(write_app(tmp_path / "app", ENVIRONMENT))
    assert await served.ask("GET", "/api/where") == (200, sys.prefix)
    assert "has no azure-functions, so the app runs in" in served.log


@pytest.mark.parametrize("active", [sys.prefix, "/not/there", ""])
async def test_our_own_environment_and_one_that_is_gone_are_no_news(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, active: str
) -> None:
    """Nothing to say."""
    monkeypatch.setenv("VIRTUAL_ENV", active)
    served = await serve(write_app(tmp_path / "app", ENVIRONMENT))
    assert await served.ask("GET", "/api/where") == (200, sys.prefix)
    assert "environment" not in served.log


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("azure.durable_functions", "azure-functions-durable"),
        ("azure.not_there.blob", "azure-not-there-blob>=12"),
    ],
)
async def test_a_part_of_a_namespace_that_requirements_name_is_missing(
    serve: Serve, tmp_path: Path, module: str, package: str
) -> None:
    """The package has a longer name than the module that is missing, or another one."""
    if module == "azure.durable_functions" and importlib.util.find_spec(module):
        pytest.skip("azure-functions-durable is installed")
    app = write_app(tmp_path / "app", f"import {module}\n")
    (app / "requirements.txt").write_text(f"{package}\n", encoding="utf-8")
    served = await serve(app)
    await until(lambda: "It is named there" in served.log)


def test_an_app_without_the_package_of_durable_functions_is_told_the_true_cause(
    tmp_path: Path,
) -> None:
    """On Azure it does not load either; with the package its other functions run here."""
    missing = "azure.durable_functions"
    error = ModuleNotFoundError(f"No module named '{missing}'", name=missing)
    said = missing_packages.sentence(error, tmp_path)
    assert "in the package azure-functions-durable, without which the app does not load" in said
    assert "Durable Functions are not in the local host" in said
    other = ModuleNotFoundError("No module named 'flask'", name="flask")
    assert "Durable" not in missing_packages.sentence(other, tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
async def test_a_package_that_requirements_name_is_missing_in_the_interpreter(
    serve: Serve, tmp_path: Path, encoding: str
) -> None:
    """The sentence names the interpreter; requirements.txt is as it should be."""
    app = write_app(tmp_path / "app", "import not_there_at_all.part\n")
    text = "azure-functions\nNot.There_At-All>=1 # mine\n"
    (app / "requirements.txt").write_text(text, encoding=encoding)
    served = await serve(app)
    await until(lambda: "It is named there" in served.log)
    assert f"does not have it: {sys.executable}" in served.log


async def test_a_python_without_the_sdk_is_named(serve: Serve, tmp_path: Path) -> None:
    """With what installs the package there."""
    venv.create(tmp_path / "venv", symlinks=sys.platform != "win32")
    python = tmp_path / "venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    settings = settings_json({"languageWorkers__python__defaultExecutablePath": str(python)})
    served = await serve(write_app(tmp_path / "app", HELLO, local_settings_json=settings))
    status, text = await served.ask("GET", "/api/hello")
    assert status == 503 and f"`{python} -m pip install azure-functions` installs it" in text


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 10, 13)])
def test_a_python_that_is_too_old_is_named(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int]
) -> None:
    """Before it reads anything that it does not understand."""
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(SystemExit, match=f"is Python {version[0]}.{version[1]}"):
        exec(BOOT, {})
