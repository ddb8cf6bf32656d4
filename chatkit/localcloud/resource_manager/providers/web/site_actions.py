"""Actions and read-outs of a function app: keys, functions, triggers, start and stop."""

from __future__ import annotations

import copy
from typing import Literal
from xml.sax.saxutils import quoteattr

from chatkit.localcloud.functions.host import signalr_bindings
from chatkit.localcloud.functions.host.spec import FunctionInfo
from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.context import Context
from chatkit.localcloud.resource_manager.core.documents import JsonObject
from chatkit.localcloud.resource_manager.core.http import Answer, Call, properties
from chatkit.localcloud.resource_manager.core.provider import Provider
from chatkit.localcloud.resource_manager.core.routing import GROUP, Handler, Route
from chatkit.localcloud.resource_manager.core.type_names import SITES
from chatkit.localcloud.resource_manager.providers.web.resource import Site
from chatkit.localcloud.resource_manager.providers.web.shapes import child, host_name, scm_host_name
from chatkit.localcloud.resource_manager.providers.web.sites import Sites, new_key

KeyType = Literal["masterKey", "functionKeys", "systemKeys"]
SIGNALR_KEY = "signalr_extension"
KEY_TYPES: dict[str, KeyType] = {
    "masterkey": "masterKey",
    "functionkeys": "functionKeys",
    "systemkeys": "systemKeys",
}


class SiteActions(Provider):
    """Operations on keys, functions and the running app."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._sites = Sites(context)
        self._functions = context.planes.functions

    def routes(self) -> list[Route]:
        """The operations."""
        site = GROUP + f"/providers/{SITES}/{{name}}"
        host = site + "/host/default"
        host_key = host + "/{key_type}/{key}"
        function = site + "/functions/{function}"
        key = function + "/keys/{key}"
        status = site + "/listsyncfunctiontriggerstatus"
        profile = "ListPublishingProfileXmlWithSecrets"
        table: list[tuple[str, str, Handler, str]] = [
            ("POST", host + "/listkeys", self.host_keys, "ListHostKeys"),
            ("PUT", host_key, self.put_host_key, "CreateOrUpdateHostSecret"),
            ("DELETE", host_key, self.delete_host_key, "DeleteHostSecret"),
            ("POST", host + "/sync", self.sync, "SyncFunctions"),
            ("POST", host + "/listsyncstatus", self.sync_status, "ListSyncStatus"),
            ("POST", site + "/syncfunctiontriggers", self.sync, "SyncFunctionTriggers"),
            ("POST", status, self.trigger_status, "ListSyncFunctionTriggers"),
            ("GET", site + "/functions", self.functions, "ListFunctions"),
            ("GET", function, self.function, "GetFunction"),
            ("POST", function + "/listkeys", self.function_keys, "ListFunctionKeys"),
            ("PUT", key, self.put_function_key, "CreateOrUpdateFunctionSecret"),
            ("DELETE", key, self.delete_function_key, "DeleteFunctionSecret"),
            ("POST", function + "/listsecrets", self.function_secrets, "ListFunctionSecrets"),
            ("POST", site + "/restart", self.restart, "Restart"),
            ("POST", site + "/stop", self.stop, "Stop"),
            ("POST", site + "/start", self.start, "Start"),
            ("POST", site + "/publishxml", self.publish_profile, profile),
            ("GET", site + "/slots", self.slots, "ListSlots"),
        ]
        return [
            Route(method, template, handler, SITES, f"WebApps_{name}")
            for method, template, handler, name in table
        ]

    # Keys -------------------------------------------------------------------------------------

    async def host_keys(self, call: Call) -> Answer:
        """Master, function and system keys.

        The host makes the key of an extension when it loads it for an app that uses it.
        """
        document = self._sites.one(call)
        await self.context.clock.wait("site.keys")
        if SIGNALR_KEY not in document["host_keys"]["systemKeys"] and self._uses_signalr(document):
            document = await self._add_signalr_key(call)
        return Answer(body=document["host_keys"])

    def _uses_signalr(self, document: Site) -> bool:
        return any(
            str(binding.get("type")).lower() in signalr_bindings.TYPES
            for function in self._functions.list_functions(document["name"].lower())
            for binding in function.bindings
        )

    async def _add_signalr_key(self, call: Call) -> Site:
        async with self._sites.locked(call):
            old = self._sites.one(call)
            document = copy.deepcopy(old)
            document["host_keys"]["systemKeys"].setdefault(SIGNALR_KEY, new_key())
            await self._sites.save(document, old)
        return document

    async def put_host_key(self, call: Call) -> Answer:
        """Make or replace a host key: 201 for a new one."""
        kind = _key_type(call)
        name = call.params["key"]
        value = _value(call)
        async with self._sites.locked(call):
            old = self._sites.one(call)
            document = copy.deepcopy(old)
            is_new = False
            if kind == "masterKey":
                document["host_keys"]["masterKey"] = value
            else:
                is_new = name not in document["host_keys"][kind]
                document["host_keys"][kind][name] = value
            await self._sites.save(document, old)
        key = {"name": name, "value": value}
        body = child(document, f"host/default/{kind}/{name}", f"host/{kind}", key)
        return Answer(201 if is_new else 200, body)

    async def delete_host_key(self, call: Call) -> Answer:
        """Remove a host key."""
        kind = _key_type(call)
        name = call.params["key"]
        async with self._sites.locked(call):
            old = self._sites.one(call)
            document = copy.deepcopy(old)
            if kind == "masterKey" or name not in document["host_keys"][kind]:
                raise _no_such_key(name)
            del document["host_keys"][kind][name]
            await self._sites.save(document, old)
        return Answer(204)

    async def function_keys(self, call: Call) -> Answer:
        """Keys of one function."""
        await self.function(call)
        return Answer(body=(await self._keys_of(call))[1])

    async def function_secrets(self, call: Call) -> Answer:
        """The old form of a function's key."""
        await self.function(call)
        document, keys = await self._keys_of(call)
        key = keys["default"]
        url = f"http://{host_name(document)}/api/{call.params['function']}?code={key}"
        return Answer(body={"key": key, "trigger_url": url})

    async def put_function_key(self, call: Call) -> Answer:
        """Make or replace a key of one function: 201 for a new one."""
        await self.function(call)
        name = call.params["key"]
        value = _value(call)
        _, keys = await self._keys_of(call)
        document = await self._change_keys(call, {**keys, name: value})
        path = f"functions/{call.params['function']}/keys/{name}"
        body = child(document, path, "functions/keys", {"name": name, "value": value})
        return Answer(200 if name in keys else 201, body)

    async def delete_function_key(self, call: Call) -> Answer:
        """Remove a key of one function."""
        await self.function(call)
        name = call.params["key"]
        _, keys = await self._keys_of(call)
        if name not in keys:
            raise _no_such_key(name)
        await self._change_keys(call, {key: value for key, value in keys.items() if key != name})
        return Answer(204)

    async def _keys_of(self, call: Call) -> tuple[Site, dict[str, str]]:
        """A function's own keys; the first one is made on the first request."""
        document = self._sites.one(call)
        name = call.params["function"].lower()
        if name not in document["function_keys"]:
            document = await self._change_keys(call, {"default": new_key()})
        return document, document["function_keys"][name]

    async def _change_keys(self, call: Call, keys: dict[str, str]) -> Site:
        async with self._sites.locked(call):
            old = self._sites.one(call)
            document = copy.deepcopy(old)
            document["function_keys"][call.params["function"].lower()] = keys
            await self._sites.save(document, old)
        return document

    # Functions --------------------------------------------------------------------------------

    async def functions(self, call: Call) -> Answer:
        """What the host has indexed; empty until something was published."""
        document = self._sites.one(call)
        found: list[JsonObject] = []
        if not self.context.faults.standing("triggers-late"):
            indexed = self._functions.list_functions(document["name"].lower())
            found = [_function(document, info) for info in indexed]
        return Answer(body={"value": found, "nextLink": None})

    async def function(self, call: Call) -> Answer:
        """One function."""
        document = self._sites.one(call)
        name = call.params["function"]
        for info in self._functions.list_functions(document["name"].lower()):
            if info.name.lower() == name.lower():
                return Answer(body=_function(document, info))
        message = f"Function with name '{name}' does not exist."
        raise errors.web_error(404, "NotFound", message, name, extended_code="51004")

    async def sync(self, call: Call) -> Answer:
        """Read the functions again."""
        self.context.faults.uses("triggers-late")
        await self._functions.sync_triggers(self._sites.one(call)["name"].lower())
        return Answer(204)

    async def sync_status(self, call: Call) -> Answer:
        """Nothing to say."""
        self._sites.one(call)
        return Answer(204)

    async def trigger_status(self, call: Call) -> Answer:
        """How triggers were synchronised."""
        document = self._sites.one(call)
        return Answer(
            body={
                "key": document["host_keys"]["masterKey"],
                "trigger_url": f"http://{host_name(document)}/admin",
            }
        )

    # Running ----------------------------------------------------------------------------------

    async def restart(self, call: Call) -> Answer:
        """Restart the app."""
        await self._functions.restart(self._sites.one(call)["name"].lower())
        return Answer(200)

    async def stop(self, call: Call) -> Answer:
        """Stop the app: it answers 403 until it is started."""
        return await self._enable(call, on=False)

    async def start(self, call: Call) -> Answer:
        """Start the app."""
        return await self._enable(call, on=True)

    async def _enable(self, call: Call, *, on: bool) -> Answer:
        async with self._sites.locked(call):
            old = self._sites.one(call)
            await self._sites.save({**old, "enabled": on}, old)
        return Answer(200)

    async def publish_profile(self, call: Call) -> Answer:
        """The publishing profile: zip deploy only.

        Where the policy forbids passwords it has none, as in Azure.
        """
        document = self._sites.one(call)
        name = document["name"]
        password = document["publishing_password"] if document["policies"]["scm"] else "REDACTED"
        values = {
            "profileName": f"{name} - Zip Deploy",
            "publishMethod": "ZipDeploy",
            "publishUrl": scm_host_name(document),
            "userName": f"${name}",
            "userPWD": password,
            "destinationAppUrl": f"http://{host_name(document)}",
            "webSystem": "WebSites",
        }
        attributes = " ".join(f"{key}={quoteattr(value)}" for key, value in values.items())
        profile = f"<publishProfile {attributes}><databases /></publishProfile>"
        text = f"<publishData>{profile}</publishData>"
        return Answer(text=text, content_type="application/xml")

    async def slots(self, call: Call) -> Answer:
        """Deployment slots: there are none."""
        self._sites.one(call)
        return Answer(body={"value": [], "nextLink": None})


def _value(call: Call) -> str:
    """The wanted value, bare or in `properties` as az sends it; a new one when there is none."""
    body = call.body()
    return str((properties(body) or body).get("value") or "") or new_key()


def _key_type(call: Call) -> KeyType:
    kind = KEY_TYPES.get(call.params["key_type"].lower())
    if kind is None:
        raise errors.web_error(
            400, "BadRequest", "The key type must be masterKey, functionKeys or systemKeys."
        )
    return kind


def _no_such_key(name: str) -> errors.ArmError:
    message = f"There is no key '{name}' that can be deleted."
    return errors.web_error(404, "NotFound", message)


def _function(document: Site, info: FunctionInfo) -> JsonObject:
    host = f"http://{host_name(document)}"
    body = {
        "function_app_id": None,
        "script_root_path_href": f"{host}/admin/vfs/site/wwwroot/",
        "script_href": f"{host}/admin/vfs/site/wwwroot/function_app.py",
        "config_href": None,
        "test_data_href": None,
        "secrets_file_href": None,
        "href": f"{host}/admin/functions/{info.name}",
        "config": {"name": info.name, "language": info.language, "bindings": [*info.bindings]},
        "files": None,
        "test_data": "",
        "invoke_url_template": info.invoke_url,
        "language": info.language,
        "isDisabled": info.is_disabled,
    }
    entry = child(document, f"functions/{info.name}", "functions", body)
    return {**entry, "name": f"{document['name']}/{info.name}"}
