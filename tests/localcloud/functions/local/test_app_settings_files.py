"""host.json and local.settings.json: what counts, and one sentence for each mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chatkit.localcloud.functions.host import host_json
from chatkit.localcloud.functions.host.errors import AppInvalid
from chatkit.localcloud.functions.host.spec import Cors
from chatkit.localcloud.functions.local import local_settings
from chatkit.localcloud.functions.worker_process.worker import base_environment
from tests.localcloud.functions.functions_testing import settings_json, write_app


def load(folder: Path, text: str, **environment: str) -> local_settings.LocalSettings:
    """Write local.settings.json and load it."""
    (folder / "local.settings.json").write_text(text, encoding="utf-8")
    return local_settings.load(folder, environment)


def test_values_host_and_connection_strings_are_read(tmp_path: Path) -> None:
    """Values become text; connection strings get their prefix."""
    data = {
        "Values": {"A": "1", "EMPTY": "", "FLAG": True},
        "ConnectionStrings": {"Db": "x"},
        "Host": {"LocalHttpPort": 7072, "CORS": "http://a, http://b", "CORSCredentials": True},
    }
    settings = load(tmp_path, json.dumps(data))
    assert settings.values == {"A": "1", "EMPTY": "", "FLAG": "true", "ConnectionStrings:Db": "x"}
    assert (settings.port, settings.cors) == (7072, Cors(("http://a", "http://b"), True))


def test_names_are_found_in_any_case(tmp_path: Path) -> None:
    """As Json.NET finds them; names of settings stay as they are."""
    data = {"values": {"a": "1"}, "host": {"localhttpport": 7072, "cors": "http://a"}}
    settings = load(tmp_path, json.dumps(data))
    assert (settings.values, settings.port) == ({"a": "1"}, 7072)
    assert settings.cors == Cors(("http://a",), False)


@pytest.mark.parametrize("text", ["UseDevelopmentStorage=true", " usedevelopmentstorage=TRUE; "])
def test_development_storage_is_this_homes(tmp_path: Path, text: str) -> None:
    """Where it does not lie at port 10000, that port is another person's."""
    values = {"AzureWebJobsStorage": text, "OTHER": "x"}
    (tmp_path / "local.settings.json").write_text(settings_json(values), encoding="utf-8")
    moved = "BlobEndpoint=http://127.0.0.1:10001/devstoreaccount1;"
    settings = local_settings.load(tmp_path, {}, development_storage=moved)
    assert settings.values == {"AzureWebJobsStorage": moved, "OTHER": "x"}


def test_numbers_stay_as_they_are_written(tmp_path: Path) -> None:
    """Core Tools read text; 3.10 is a version of Python and not 3.1."""
    settings = load(tmp_path, '{"Values": {"VERSION": 3.10, "LIMIT": 1e3, "COUNT": 7}}')
    assert settings.values == {"VERSION": "3.10", "LIMIT": "1e3", "COUNT": "7"}


def test_the_environment_wins_and_null_is_skipped_with_a_warning_each(tmp_path: Path) -> None:
    """As Core Tools do it."""
    settings = load(tmp_path, settings_json({"A": "file", "N": None}), A="shell")
    assert settings.values == {"A": "shell"}
    assert settings.warnings == (
        "Skipping 'A' from local settings as it's already defined in current environment "
        "variables.",
        "Skipping 'N' from local settings as its value is null.",
    )


def test_a_missing_file_is_an_empty_one(tmp_path: Path) -> None:
    """The app runs without settings, and is told so."""
    assert "no local.settings.json" in local_settings.load(tmp_path, {}).warnings[0]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "not valid JSON"),
        ("[]", "must hold a JSON object"),
        ('{"IsEncrypted": true}', "is encrypted"),
        ('{"Values": []}', ""),
        ('{"Values": [1]}', "Values in local.settings.json must be an object"),
        ('{"Values": {"A": {}}}', "'A' is not"),
        ('{"Host": {"LocalHttpPort": "x"}}', "must be a port number"),
        ('{"Host": {"LocalHttpPort": "' + "9" * 5000 + '"}}', "must be a port number"),
        ("[" * 100_000, "not valid JSON"),
        ('{"Host": {"CORS": "*", "CORSCredentials": true}}', "cannot be combined"),
    ],
)
def test_a_malformed_settings_file_is_named_in_one_sentence(
    tmp_path: Path, text: str, sentence: str
) -> None:
    """And an empty list of values is none."""
    if not sentence:
        assert load(tmp_path, text).values == {}
        return
    with pytest.raises(AppInvalid, match=sentence):
        load(tmp_path, text)


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    """It cannot be read."""
    for name in ("local.settings.json", "host.json"):
        (tmp_path / name).mkdir()
    with pytest.raises(AppInvalid, match="local.settings.json cannot be read"):
        local_settings.load(tmp_path, {})
    with pytest.raises(AppInvalid, match="host.json cannot be read"):
        host_json.load(tmp_path)


def test_only_a_little_of_the_environment_reaches_a_deployed_app() -> None:
    """Cloud credentials of the shell stay in the shell."""
    shell = {"PATH": "/bin", "HOME": "/h", "AZURE_CLIENT_SECRET": "s", "AzureWebJobsStorage": "x"}
    assert base_environment(shell) == {"PATH": "/bin", "HOME": "/h"}


def test_the_whole_shell_reaches_a_local_run(tmp_path: Path) -> None:
    """As with Core Tools; how the server was started does not."""
    shell = {
        "MY_OWN": "shell",
        "EMPTY": "",
        "CHATKIT_START_SECRET": "s",
        "CHATKIT_STARTED_FOR": "h",
    }
    text = settings_json({"MY_OWN": "file", "EMPTY": "file", "FILE": "file"})
    settings = load(tmp_path, text, **shell)
    assert local_settings.environment(tmp_path, settings, 7071, shell) == {
        "MY_OWN": "shell",
        "EMPTY": "file",  # an empty variable is as good as none
        "FILE": "file",
        "WEBSITE_HOSTNAME": "localhost:7071",
        "AzureWebJobsScriptRoot": str(tmp_path),
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
    }


@pytest.mark.parametrize(
    ("shell", "file", "wanted"),
    [("", "", "Development"), ("", "Staging", "Development"), ("Staging", "", "Staging")],
)
def test_the_environment_is_development_unless_the_shell_says_another(
    tmp_path: Path, shell: str, file: str, wanted: str
) -> None:
    """Core Tools write over what the file says."""
    name = "AZURE_FUNCTIONS_ENVIRONMENT"
    settings = load(tmp_path, settings_json({name: file}), **{name: shell})
    found = local_settings.environment(tmp_path, settings, 7071, {name: shell})
    assert found[name] == wanted


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_settings_are_read_as_dotnet_reads_them(tmp_path: Path, encoding: str) -> None:
    """Comments, a comma after the last item, a byte order mark."""
    text = '// mine\n{"Values": {"A": "1", /* why */ "B": "http://x",},\n}'
    (tmp_path / "local.settings.json").write_text(text, encoding=encoding)
    assert local_settings.load(tmp_path, {}).values == {"A": "1", "B": "http://x"}
    text = '{"version": "2.0", // and so on\n"functionTimeout": "00:00:09",}'
    (tmp_path / "host.json").write_text(text, encoding=encoding)
    assert host_json.load(tmp_path).timeout_s == 9


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    """One sentence for each file."""
    for name in ("local.settings.json", "host.json"):
        (tmp_path / name).write_bytes(b"{\xff}")
    with pytest.raises(AppInvalid, match=r"local\.settings\.json is not UTF-8 text"):
        local_settings.load(tmp_path, {})
    with pytest.raises(AppInvalid, match=r"host\.json is not UTF-8 text"):
        host_json.load(tmp_path)


def test_host_json_gives_prefix_timeout_headers_and_limit() -> None:
    """The parts that decide how an app is served."""
    http = {"routePrefix": "/v1/", "customHeaders": {"X-A": "1"}, "maxOutstandingRequests": 5}
    config = host_json.parse(
        {"version": "2.0", "functionTimeout": "1.00:00:05", "extensions": {"http": http}}
    )
    assert (config.route_prefix, config.timeout_s, config.max_outstanding) == ("v1", 86405.0, 5)
    assert config.custom_headers == {"X-A": "1"} and not config.has_bundle


def test_app_settings_replace_values_of_host_json(tmp_path: Path) -> None:
    """AzureFunctionsJobHost__ names, nested by double underscores, without regard to case."""
    settings = {
        "AzureFunctionsJobHost__extensions__http__routePrefix": "v2",
        "AzureFunctionsJobHost__extensions__http__maxOutstandingRequests": "7",
        "AzureFunctionsJobHost__functionTimeout": "00:00:09",
        "AzureFunctionsJobHost__functions__0": "Only",
    }
    host = '{"version": "2.0", "Extensions": {}, "extensions": {"http": {"routeprefix": "api"}}}'
    config = host_json.load(
        write_app(tmp_path, host=host.replace('"Extensions": {}, ', "")), settings
    )
    assert (config.timeout_s, config.max_outstanding, config.only) == (9.0, 7, frozenset({"only"}))
    with pytest.raises(AppInvalid, match="no object in host.json"):
        host_json.load(tmp_path, {"AzureFunctionsJobHost__version__x": "1"})


def test_host_json_defaults() -> None:
    """api, 30 minutes, no limit; -1 is no time limit."""
    assert host_json.parse({"version": "2.0"}) == host_json.HostJson("api", 1800.0, None, {}, None)
    assert host_json.parse({"version": "2.0", "functionTimeout": "-1"}).timeout_s is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "not valid JSON"),
        ("[]", "must hold a JSON object"),
        ("{}", '"version": "2.0"'),
        ('{"version": "2.0", "functionTimeout": "soon"}', "functionTimeout"),
        ('{"version": "2.0", "functionTimeout": "00:00:00"}', "more than zero"),
        ('{"version": "2.0", "extensions": []}', ""),
        ('{"version": "2.0", "extensions": {"http": 5}}', "must be an object"),
        ('{"version": "2.0", "extensionBundle": {"id": "x"}}', "extensionBundle"),
        ('{"version": "2.0", "extensions": {"http": {"routePrefix": 5}}}', "routePrefix"),
        (
            '{"version": "2.0", "extensions": {"http": {"customHeaders": {"X-A": "a\\r\\nb: c"}}}}',
            "cannot be sent: 'X-A'",
        ),
        (
            '{"version": "2.0", "extensions": {"http": {"customHeaders": {"X A": "b"}}}}',
            "cannot be sent: 'X A'",
        ),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_a_malformed_host_json_is_named_in_one_sentence(
    tmp_path: Path, text: str, sentence: str
) -> None:
    """Each mistake has its own sentence."""
    write_app(tmp_path, host=text)
    if not sentence:
        assert host_json.load(tmp_path).route_prefix == "api"
        return
    with pytest.raises(AppInvalid, match=sentence):
        host_json.load(tmp_path)


def test_a_missing_host_json_is_explained(tmp_path: Path) -> None:
    """With the smallest one that works."""
    with pytest.raises(AppInvalid, match="There is no host.json") as failed:
        host_json.load(tmp_path)
    assert '{"version": "2.0"}' in failed.value.hint
