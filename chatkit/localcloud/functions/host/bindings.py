"""The bindings around one invocation: inputs are resolved before it, outputs sent after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatkit.localcloud.functions.host import blob_bindings, signalr_bindings
from chatkit.localcloud.functions.host.errors import BindingFailed
from chatkit.localcloud.functions.host.indexing import Function
from chatkit.localcloud.functions.host.signalr_bindings import InputContext
from chatkit.localcloud.functions.host.signalr_service import RestSender, connection
from chatkit.localcloud.functions.storage.blobs import BlobStorage
from chatkit.localcloud.functions.worker_process.calls import Call, Result, Wire


class Bindings:
    """What the bindings of one app's functions reach."""

    def __init__(self, sender: RestSender, storage: BlobStorage) -> None:
        self._sender = sender
        self._storage = storage

    async def resolve_input(self, binding: Mapping[str, Any], context: InputContext) -> Wire | None:
        """The value of one input binding.

        Raises:
            BindingFailed: It has none; the message names the parameter.
        """
        if str(binding["type"]).lower() != blob_bindings.BINDING:
            return await signalr_bindings.input_value(binding, context, self._sender)
        try:
            return await blob_bindings.input_value(binding, context, self._storage)
        except BindingFailed as error:
            raise BindingFailed(
                f"Exception binding parameter '{binding['name']}'. {error.message}",
                hint=error.hint,
            ) from None

    async def carry_out(
        self, function: Function, call: Call, result: Result, context: InputContext
    ) -> None:
        """Carry out one invocation's outputs, in the order of the bindings.

        Raises:
            AppInvalid: A setting that names a service is missing or malformed.
            BindingFailed: A value or a service refuses.
        """
        for binding in function.outputs:
            value = result.outputs.get(binding["name"])
            if binding["name"] == "$return":
                value = result.returned
            if value is None:
                continue
            if str(binding["type"]).lower() == blob_bindings.BINDING:
                await blob_bindings.write_output(
                    binding, value, context, self._storage, call_id=call.id
                )
            else:
                await self._send(binding, value, context)

    async def _send(self, binding: Mapping[str, Any], value: Wire, context: InputContext) -> None:
        calls = signalr_bindings.rest_calls(context.text(binding, "hubName"), value)
        service = connection(context.settings, str(binding.get("connectionStringSetting") or ""))
        await self._sender.send(service, calls, context.environment)
