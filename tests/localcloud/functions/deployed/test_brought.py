"""A deployed app finds the packages that it brings, as on Azure, and nothing else of this machine.

What Azure's Python worker has itself: the dependencies in workers/pyproject.toml of
https://github.com/Azure/azure-functions-python-worker.
"""

from __future__ import annotations

import json
from pathlib import Path

from packaging.requirements import Requirement

from chatkit.localcloud.functions.deployed import brought
from chatkit.localcloud.functions.worker_process.chatkit_worker.brought import FILE
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


def test_each_package_is_known_by_its_modules(tmp_path: Path) -> None:
    """In a namespace it is not the namespace; an extra brings its own."""
    brought.write_down(tmp_path, [Requirement("azure-identity"), Requirement("PyJWT[crypto]")])
    found = json.loads((tmp_path / FILE).read_text(encoding="utf-8"))
    assert {"azure.identity", "azure.core", "jwt", "cryptography", "_cffi_backend"} < {
        *found["modules"]
    }
    assert not {"azure", "azure.mgmt", "aiohttp"} & {*found["modules"]}
