"""A deployed app finds the packages that it brings, as on Azure, and nothing else of this machine.

What Azure's Python worker has itself: the dependencies in workers/pyproject.toml of
https://github.com/Azure/azure-functions-python-worker.
"""

from __future__ import annotations

import json
from importlib.metadata import DistributionFinder
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from chatkit.localcloud.functions.deployed import brought
from chatkit.localcloud.functions.worker_process.chatkit_worker.brought import FILE, Brought
from tests.localcloud.functions.deployed.deployed_cloud import Cloud, app_zip

STORAGE = "azure-functions\nazure-storage-blob\n"
TELL = """
import importlib, importlib.metadata, importlib.util
@app.route(route='v')
def v(req):
    name = req.params['name']
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        return f'{error.name} is missing'
    return f'{module.__name__} is there'

@app.route(route='quietly')
def quietly(req):
    packages = {found.name.lower() for found in importlib.metadata.distributions()}
    return json.dumps([importlib.util.find_spec('aiohttp') is None, 'aiohttp' in packages])
"""


FOUND = (
    *("azure.storage.blob", "azure.core"),  # storage needs the second one
    *("requests", "werkzeug"),  # which needs this; azure-functions needs that
    *("sqlite3", "helper"),
    "rich",  # the app's own
)
MISSING = {
    "aiohttp": "aiohttp",
    "azure.identity": "azure.identity",
    "azure.mgmt.signalr": "azure.mgmt",
    "ipywidgets": "ipywidgets",
    "orjson": "orjson",  # azure-functions imports it where it finds it
    "chatkit": "chatkit",
}


async def test_a_deployed_app_finds_what_it_brings_alone(tmp_path: Path) -> None:
    """And what that needs, the standard library, its own modules."""
    files = {"requirements_txt": STORAGE, "helper.py": "", "rich.py": ""}
    async with Cloud(tmp_path) as cloud:
        record = await cloud.publish(app_zip("1", script=TELL, **files))
        assert record["status"] == 4, record
        for name in FOUND:
            assert await cloud.ask(f"/api/v?name={name}") == (200, f"{name} is there")
        for name, missing in MISSING.items():
            assert await cloud.ask(f"/api/v?name={name}") == (200, f"{missing} is missing")
        status, text = await cloud.ask("/api/quietly")
    # Libraries look whether there is another one, and do without it.
    assert (status, json.loads(text)) == (200, [True, False])


async def test_an_app_that_imports_what_it_does_not_bring_is_refused(tmp_path: Path) -> None:
    """In Azure's words, and with what this machine knows."""
    async with Cloud(tmp_path) as cloud:
        record = await cloud.publish(app_zip("1", script="import aiohttp\n"))
        _, lines = await cloud.scm("GET", f"/api/deployments/{record['id']}/log")
        said = " ".join(line["message"] for line in lines)
    assert "No module named 'aiohttp'. Cannot find module." in record["status_text"] + said
    assert "This machine has aiohttp" in record["status_text"] + said


async def test_without_a_build_nothing_is_installed(tmp_path: Path) -> None:
    """Whatever requirements.txt names: the package has to have it."""
    package = app_zip("1", script=TELL, requirements_txt=STORAGE)
    async with Cloud(tmp_path) as cloud:
        status, deployment = await cloud.scm("POST", "/api/publish", data=package)
        assert status == 202
        await cloud.finished(deployment)
        assert await cloud.ask("/api/v?name=azure.storage") == (200, "azure.storage is missing")
        assert await cloud.ask("/api/v?name=azure.functions") == (200, "azure.functions is there")


def test_an_app_may_lie_below_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a checkout, where the kit's folder is on the path, and the home is in it."""
    app = tmp_path / ".chatkit" / "app"
    app.mkdir(parents=True)
    for module in (app / "the_apps.py", tmp_path / "the_environments.py"):
        module.write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    finder = Brought((), ())
    monkeypatch.syspath_prepend(app)
    assert finder.find_spec("the_apps") is not None
    assert finder.find_spec("the_environments") is None


def test_a_package_adds_a_folder_of_its_own_to_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As setuptools do with packages that they bring."""
    package = tmp_path / "tools" / "vendored" / "brought_along"
    package.mkdir(parents=True)
    for name in ("__init__.py", "part.py"):
        (package / name).write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    finder = Brought(("tools",), ())
    monkeypatch.syspath_prepend(package.parent)
    assert finder.find_spec("brought_along") is not None
    assert finder.find_spec("brought_along.part", [str(package)]) is not None


def test_the_standard_library_is_never_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows a part of it lies beside the interpreter, in DLLs."""
    (tmp_path / "winreg.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert Brought((), ()).find_spec("winreg") is not None


def test_odd_packages_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is missing, a requirement is none, nobody tells the files."""
    for name, lines in {
        "removed-1.dist-info": "",
        "linux_s-1.dist-info": "Name: linux-s\nRequires-Dist: pytz (>dev) ]\n",
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "METADATA").write_text(lines, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    brought.write_down(tmp_path, [Requirement("linux-s")])
    found = json.loads((tmp_path / FILE).read_text(encoding="utf-8"))
    assert "linux_s" in found["modules"]
    context = DistributionFinder.Context(path=[str(tmp_path)])
    finder = Brought(found["modules"], found["packages"])
    assert [one.name for one in finder.find_distributions(context)] == ["linux-s"]


def test_each_package_is_known_by_its_modules(tmp_path: Path) -> None:
    """In a namespace it is not the namespace; an extra brings its own."""
    brought.write_down(tmp_path, [Requirement("azure-identity"), Requirement("PyJWT[crypto]")])
    found = json.loads((tmp_path / FILE).read_text(encoding="utf-8"))
    assert {"azure.identity", "azure.core", "jwt", "cryptography", "_cffi_backend"} < {
        *found["modules"]
    }
    assert not {"azure", "azure.mgmt", "aiohttp"} & {*found["modules"]}
