"""Publishing: a package is checked, built, tried and released.

The old version serves until then.
"""

from __future__ import annotations

import asyncio
import sys

import pytest

from chatkit.core.errors import NotWritten
from chatkit.localcloud.functions.deployed import build
from chatkit.localcloud.recorded.clock import Clock
from tests.localcloud.functions.deployed.deployed_cloud import NAME, Cloud, app_zip
from tests.localcloud.functions.functions_testing import HEAD


async def test_before_the_first_publish_there_is_a_home_page_and_no_function(cloud: Cloud) -> None:
    """As a new app in Azure."""
    assert (await cloud.ask("/"))[0] == 200
    assert await cloud.ask("/api/v") == (404, "")
    assert cloud.service.list_functions(NAME) == []


async def test_publish_builds_releases_lists_and_keeps_the_package(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """202 with an id and Location, then status 4; a build waits as long as the clock says."""
    waited: list[str] = []

    async def wait(_clock: Clock, operation: str) -> None:
        waited.append(operation)

    monkeypatch.setattr(Clock, "wait", wait)
    package = app_zip("one")
    record = await cloud.publish(package)
    assert (record["status"], record["active"], record["complete"], record["remoteBuild"]) == (
        4,
        True,
        True,
        True,
    )
    assert waited == ["publish.build"]
    assert await cloud.version() == "one"
    functions = cloud.service.list_functions(NAME)
    assert [(info.name, info.invoke_url) for info in functions] == [
        ("v", f"http://localhost:{cloud.spec.port}/api/v"),
        ("k", f"http://localhost:{cloud.spec.port}/api/k"),
    ]
    assert cloud.packages.saved == [("https://x/app-package", package)]


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (NotWritten("state.db cannot be written: the disk is full."), "the disk is full"),
        (RuntimeError("ContainerNotFound"), "BlobUploadFailedException"),
    ],
)
async def test_a_release_that_is_refused_takes_its_package_back(
    cloud: Cloud, refusal: Exception, said: str
) -> None:
    """The package that was released before is the one that stays, as the version does."""
    first = app_zip("one")
    second = app_zip("two")
    await cloud.publish(first)
    cloud.packages.refusal = refusal
    record = await cloud.publish(second)
    assert record["status"] == 3 and said in record["status_text"]
    assert cloud.packages.discarded == [second]
    assert [content for _, content in cloud.packages.saved] == [first]
    assert await cloud.version() == "one"
    cloud.packages.refusal = None
    assert (await cloud.publish(second))["status"] == 4


async def test_a_broken_version_fails_with_its_traceback_and_the_old_one_serves_on(
    cloud: Cloud,
) -> None:
    """Status 3, the reason in the status text, the stack in the build log."""
    await cloud.publish(app_zip("one"))
    record = await cloud.publish(app_zip("two", script="import not_there\n"))
    assert record["status"] == 3
    assert "No module named 'not_there'" in record["status_text"]
    assert "goes on serving" in record["status_text"]
    assert record["build_summary"]["errors"] == [record["status_text"]]
    _, log = await cloud.scm("GET", f"/api/deployments/{record['id']}/log")
    assert any("import not_there" in line["message"] for line in log)
    assert await cloud.version() == "one"


async def test_a_broken_first_version_answers_503_with_the_sentence(cloud: Cloud) -> None:
    """There is nothing else that could serve; and the next publish heals it."""
    assert (await cloud.publish(app_zip("one", script="1/0\n")))["status"] == 3
    status, text = await cloud.ask("/api/v")
    assert status == 503 and "ZeroDivisionError: division by zero" in text
    assert (await cloud.publish(app_zip("two")))["status"] == 4
    assert await cloud.version() == "two"


@pytest.mark.parametrize(
    ("package", "sentence"),
    [
        (b"no zip", "not a valid zip file"),
        (app_zip("x", script="", **{"../evil.py": ""}), "leaves its folder"),
        (
            app_zip("x", requirements_txt="not a requirement!"),
            "Line 1 of requirements.txt is not a requirement",
        ),
        (app_zip("x", script="del app\napp = func.FunctionApp()\n#"), "function_app.py"),
    ],
)
async def test_a_package_that_must_not_run_fails_the_deployment(
    cloud: Cloud, package: bytes, sentence: str
) -> None:
    """The sentence is in the record, nothing of the package stays."""
    if sentence == "function_app.py":
        package = app_zip("x", script="#", **{"function_app.py": HEAD})
    record = await cloud.publish(package)
    assert record["status"] == 3 and sentence in record["status_text"]
    assert list(cloud.platform.folder.glob("sites/site/*.upload")) == []


async def test_a_second_deployment_while_one_runs_is_409(cloud: Cloud) -> None:
    """And the first one is not disturbed."""
    slow = app_zip(
        "slow",
        script="import time\ntime.sleep(0.5)\n@app.route(route='v')\ndef v(req): return 'slow '\n",
    )
    _, first = await cloud.scm("POST", "/api/publish", data=slow)
    assert (await cloud.scm("GET", "/api/isdeploying"))[1] == {"value": True}
    status, text = await cloud.scm("POST", "/api/publish", data=app_zip("two"))
    assert status == 409 and "currently in progress" in text
    assert (await cloud.finished(first))["status"] == 4
    assert await cloud.version() == "slow"


async def test_no_request_fails_during_a_switch(cloud: Cloud) -> None:
    """The old version answers until the new one does."""
    await cloud.publish(app_zip("one"))
    answers: set[str] = set()
    publishing = asyncio.create_task(cloud.publish(app_zip("two")))
    while not publishing.done():
        answers.add(await cloud.version())
    assert (await publishing)["status"] == 4
    answers.add(await cloud.version())
    assert answers == {"one", "two"}


async def test_requirements_that_are_missing_are_installed_beside_the_app(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The installer gets --target; what it says is in the log.

    A failing one fails the deployment.
    """
    code = (
        "import pathlib, sys; target = pathlib.Path(sys.argv[1]); target.mkdir(parents=True);"
        "(target / 'quux_zz.py').write_text('x=5'); print('installed quux')"
    )
    monkeypatch.setattr(
        build, "installer", lambda target, _: [sys.executable, "-c", code, str(target)]
    )
    script = "import quux_zz\n@app.route(route='v')\ndef v(req): return f'q{quux_zz.x} '\n"
    record = await cloud.publish(
        app_zip("x", script=script, requirements_txt="azure-functions\nquux-zz>=1\n")
    )
    assert record["status"] == 4 and await cloud.version() == "q5"
    _, log = await cloud.scm("GET", f"/api/deployments/{record['id']}/log")
    messages = [line["message"] for line in log]
    assert "Installing quux-zz>=1 ..." in messages and "installed quux" in messages
    monkeypatch.setattr(
        build,
        "installer",
        lambda *_: [sys.executable, "-c", "print('no such thing'); exit(1)"],
    )
    failed = await cloud.publish(app_zip("y", requirements_txt="quux-zz>=2\n"))
    assert (
        failed["status"] == 3 and "requirements.txt could not be installed" in failed["status_text"]
    )
    assert await cloud.version() == "q5"
