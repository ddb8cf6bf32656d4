"""Actions and read-outs of a function app: keys, functions, triggers, start and stop."""

from __future__ import annotations

import copy
from xml.sax.saxutils import quoteattr

from chatkit.localcloud.functions.host.spec import FunctionInfo
from chatkit.localcloud.resource_manager.core import errors
from chatkit.localcloud.resource_manager.core.context import Context, properties
from chatkit.localcloud.resource_manager.core.http import Answer, Call
from chatkit.localcloud.resource_manager.core.routing import GROUP, Operation, Route
from chatkit.localcloud.resource_manager.core.state import Document
from chatkit.localcloud.resource_manager.providers.web.rules import SITES
from chatkit.localcloud.resource_manager.providers.web.shapes import child, host_name, scm_host_name
from chatkit.localcloud.resource_manager.providers.web.sites import Sites, new_key

KEY_TYPES = {"masterkey": "masterKey", "functionkeys": "functionKeys", "systemkeys": "systemKeys"}


class SiteActions:
    """Operations on keys, functions and the running app."""

    def __init__(self, context: Context, sites: Sites) -> None:
        self._context = context
        self._sites = sites

    def routes(self) -> list[Route]:
        """The operations."""
        site = GROUP + f"/providers/{SITES}/{{name}}"
        host, function = site + "/host/default", site + "/functions/{function}"
        table: list[tuple[str, str, Operation, str]] = [
            ("POST", host + "/listkeys", self.host_keys, "WebApps_ListHostKeys"),
            (
                "PUT",
                host + "/{key_type}/{key}",
                self.put_host_key,
                "WebApps_CreateOrUpdateHostSecret",
            ),
            (
                "DELETE",
                host + "/{key_type}/{key}",
                self.delete_host_key,
                "WebApps_DeleteHostSecret",
            ),
            ("POST", host + "/sync", self.sync, "WebApps_SyncFunctions"),
            ("POST", host + "/listsyncstatus", self.sync_status, "WebApps_ListSyncStatus"),
            ("POST", site + "/syncfunctiontriggers", self.sync, "WebApps_SyncFunctionTriggers"),
            (
                "POST",
                site + "/listsyncfunctiontriggerstatus",
                self.trigger_status,
                "WebApps_ListSyncFunctionTriggers",
            ),
            ("GET", site + "/functions", self.functions, "WebApps_ListFunctions"),
            ("GET", function, self.function, "WebApps_GetFunction"),
            ("POST", function + "/listkeys", self.function_keys, "WebApps_ListFunctionKeys"),
            (
                "PUT",
                function + "/keys/{key}",
                self.put_function_key,
                "WebApps_CreateOrUpdateFunctionSecret",
            ),
            (
                "DELETE",
                function + "/keys/{key}",
                self.delete_function_key,
                "WebApps_DeleteFunctionSecret",
            ),
            (
                "POST",
                function + "/listsecrets",
                self.function_secrets,
                "WebApps_ListFunctionSecrets",
            ),
            ("POST", site + "/restart", self.restart, "WebApps_Restart"),
            ("POST", site + "/stop", self.stop, "WebApps_Stop"),
            ("POST", site + "/start", self.start, "WebApps_Start"),
            (
                "POST",
                site + "/publishxml",
                self.publish_profile,
                "WebApps_ListPublishingProfileXmlWithSecrets",
            ),
            ("GET", site + "/slots", self.slots, "WebApps_ListSlots"),
        ]
        return [
            Route(method, template, handler, SITES, name)
            for method, template, handler, name in table
        ]

    def _site(self, call: Call) -> Document:
        return self._context.resource(call, SITES)

    # Keys -------------------------------------------------------------------------------------------------------------

    async def host_keys(self, call: Call) -> Answer:
        """Master, function and system keys."""
        document = self._site(call)
        await self._context.clock.wait("site.keys")
        return Answer(body=document["host_keys"])

    async def put_host_key(self, call: Call) -> Answer:
        """Make or replace a host key: 201 for a new one."""
        kind, name, value = _key_type(call), call.params["key"], _value(call)
        async with self._context.lock(self._context.resource_id(call, SITES)):
            old = self._site(call)
            document = copy.deepcopy(old)
            is_new = kind != "masterKey" and name not in document["host_keys"][kind]
            if kind == "masterKey":
                document["host_keys"][kind] = value
            else:
                document["host_keys"][kind][name] = value
            await self._sites.save(document, old)
        body = {
            "id": f"{document['id']}/host/default/{kind}/{name}",
            "type": f"{SITES}/host/{kind}",
        }
        return Answer(201 if is_new else 200, {**body, "name": name, "value": value})

    async def delete_host_key(self, call: Call) -> Answer:
        """Remove a host key."""
        kind, name = _key_type(call), call.params["key"]
        async with self._context.lock(self._context.resource_id(call, SITES)):
            old = self._site(call)
            document = copy.deepcopy(old)
            if kind == "masterKey" or name not in document["host_keys"][kind]:
                raise errors.web_error(
                    404, "NotFound", f"There is no key '{name}' that can be deleted."
                )
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
        name = call.params["function"]
        return Answer(
            body={
                "key": keys["default"],
                "trigger_url": f"http://{host_name(document)}/api/{name}?code={keys['default']}",
            }
        )

    async def put_function_key(self, call: Call) -> Answer:
        """Make or replace a key of one function: 201 for a new one."""
        await self.function(call)
        name, value = call.params["key"], _value(call)
        _, keys = await self._keys_of(call)
        is_new = name not in keys
        document = await self._change_keys(call, {**keys, name: value})
        function = f"functions/{call.params['function']}"
        body = {"id": f"{document['id']}/{function}/keys/{name}", "type": f"{SITES}/functions/keys"}
        return Answer(201 if is_new else 200, {**body, "name": name, "value": value})

    async def delete_function_key(self, call: Call) -> Answer:
        """Remove a key of one function."""
        await self.function(call)
        name, (_, keys) = call.params["key"], await self._keys_of(call)
        if name not in keys:
            raise errors.web_error(
                404, "NotFound", f"There is no key '{name}' that can be deleted."
            )
        await self._change_keys(call, {key: value for key, value in keys.items() if key != name})
        return Answer(204)

    async def _keys_of(self, call: Call) -> tuple[Document, dict[str, str]]:
        """A function's own keys; the first one is made when somebody asks for it."""
        document, name = self._site(call), call.params["function"].lower()
        if name not in document["function_keys"]:
            document = await self._change_keys(call, {"default": new_key()})
        return document, document["function_keys"][name]

    async def _change_keys(self, call: Call, keys: dict[str, str]) -> Document:
        async with self._context.lock(self._context.resource_id(call, SITES)):
            old = self._site(call)
            document = copy.deepcopy(old)
            document["function_keys"][call.params["function"].lower()] = keys
            await self._sites.save(document, old)
        return document

    # Functions --------------------------------------------------------------------------------------------------------

    async def functions(self, call: Call) -> Answer:
        """What the host has indexed; empty until something was published."""
        document = self._site(call)
        late = self._context.faults.standing("triggers-late")
        found = [] if late else self._context.functions.list_functions(document["name"].lower())
        return Answer(
            body={"value": [_function(document, info) for info in found], "nextLink": None}
        )

    async def function(self, call: Call) -> Answer:
        """One function."""
        document, name = self._site(call), call.params["function"]
        for info in self._context.functions.list_functions(document["name"].lower()):
            if info.name.lower() == name.lower():
                return Answer(body=_function(document, info))
        raise errors.web_error(
            404,
            "NotFound",
            f"Function with name '{name}' does not exist.",
            name,
            extended_code="51004",
        )

    async def sync(self, call: Call) -> Answer:
        """Read the functions again."""
        self._context.faults.uses("triggers-late")
        await self._context.functions.sync_triggers(self._site(call)["name"].lower())
        return Answer(204)

    async def sync_status(self, call: Call) -> Answer:
        """Nothing to say."""
        self._site(call)
        return Answer(204)

    async def trigger_status(self, call: Call) -> Answer:
        """How triggers were synchronised."""
        document = self._site(call)
        return Answer(
            body={
                "key": document["host_keys"]["masterKey"],
                "trigger_url": f"http://{host_name(document)}/admin",
            }
        )

    # Running ----------------------------------------------------------------------------------------------------------

    async def restart(self, call: Call) -> Answer:
        """Restart the app."""
        await self._context.functions.restart(self._site(call)["name"].lower())
        return Answer(200)

    async def stop(self, call: Call) -> Answer:
        """Stop the app: it answers 403 until it is started."""
        return await self._enable(call, on=False)

    async def start(self, call: Call) -> Answer:
        """Start the app."""
        return await self._enable(call, on=True)

    async def _enable(self, call: Call, *, on: bool) -> Answer:
        async with self._context.lock(self._context.resource_id(call, SITES)):
            old = self._site(call)
            await self._sites.save({**copy.deepcopy(old), "enabled": on}, old)
        return Answer(200)

    async def publish_profile(self, call: Call) -> Answer:
        """The publishing profile: zip deploy only. Where the policy forbids passwords it has none, as in Azure."""
        document = self._site(call)
        name, scm = document["name"], scm_host_name(document)
        values = {
            "profileName": f"{name} - Zip Deploy",
            "publishMethod": "ZipDeploy",
            "publishUrl": scm,
            "userName": f"${name}",
            "userPWD": document["publishing_password"]
            if document["policies"]["scm"]
            else "REDACTED",
            "destinationAppUrl": f"http://{host_name(document)}",
            "webSystem": "WebSites",
        }
        attributes = " ".join(f"{key}={quoteattr(value)}" for key, value in values.items())
        text = f"<publishData><publishProfile {attributes}><databases /></publishProfile></publishData>"
        return Answer(text=text, content_type="application/xml")

    async def slots(self, call: Call) -> Answer:
        """Deployment slots: there are none."""
        self._site(call)
        return Answer(body={"value": [], "nextLink": None})


def _value(call: Call) -> str:
    """The wanted value, bare or in `properties` as az sends it; a new one when there is none."""
    body = call.body()
    return str((properties(body) or body).get("value") or "") or new_key()


def _key_type(call: Call) -> str:
    kind = KEY_TYPES.get(call.params["key_type"].lower())
    if kind is None:
        raise errors.web_error(
            400, "BadRequest", "The key type must be masterKey, functionKeys or systemKeys."
        )
    return kind


def _function(document: Document, info: FunctionInfo) -> Document:
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
