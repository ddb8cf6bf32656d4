"""Microsoft's azure-functions-runtime behind the channel of this kit's worker.

The oracle of the conformance table. Run by an interpreter that has the runtime: `python
conformance_oracle.py FOLDER-OF-CHATKIT_WORKER`. The runtime takes its message classes from whoever
drives it, so plain Python objects stand in for protobuf.
"""

from __future__ import annotations

import asyncio
import base64
import importlib
import sys
from types import SimpleNamespace as Namespace
from typing import Any

MESSAGES = (
    "WorkerInitResponse FunctionMetadataResponse FunctionLoadResponse InvocationResponse "
    "RpcFunctionMetadata BindingInfo RpcHttp "
    "RpcHttpCookie RpcException ParameterBinding NullableBool NullableDouble "
    "NullableString NullableTimestamp RpcRetryOptions "
    "WorkerMetadata StatusResult Timestamp"
)


class Message:
    """A protobuf message, near enough."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return None


class TypedData(Message):
    """The one message whose set field matters."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def WhichOneof(self, _: str) -> str | None:
        """Name of the field that is set."""
        return next(iter(self.__dict__), None)


def protos() -> Any:
    """The message classes."""
    found: Any = Namespace(
        **{name: type(name, (Message,), {}) for name in MESSAGES.split()}, TypedData=TypedData
    )
    found.StatusResult.Success, found.StatusResult.Failure = 1, 0
    found.BindingInfo.undefined, found.BindingInfo.out, found.BindingInfo.inout = 0, 1, 2
    found.RpcHttpCookie.SameSite = Namespace(
        **{"None": 0, "Lax": 1, "Strict": 2, "ExplicitNone": 3}
    )
    return found


def typed(wire: dict[str, Any] | None, body: bytes) -> TypedData:
    """A value from the channel."""
    if not wire:
        return TypedData()
    [(kind, value)] = wire.items()
    if kind == "http":
        value = Namespace(**value, body=TypedData(bytes=body))
    return TypedData(**{kind: base64.b64decode(value) if kind == "bytes" else value})


def untyped(data: Any) -> tuple[dict[str, Any] | None, bytes]:
    """A value for the channel."""
    kind = data.WhichOneof("data") if data is not None else None
    if kind is None:
        return None, b""
    value = getattr(data, kind)
    if kind == "bytes":
        return {"bytes": base64.b64encode(value).decode()}, b""
    if kind != "http":
        return {kind: value}, b""
    cookies = [cookie(item) for item in value.cookies or []]
    return {
        "http": {"status": value.status_code, "headers": value.headers, "cookies": cookies}
    }, value.body.bytes


def cookie(item: Any) -> dict[str, Any]:
    """One cookie in this kit's form."""
    same_site = {0: "", 1: "lax", 2: "strict", 3: "none"}[item.same_site]
    return {
        "name": item.name,
        "value": item.value,
        "domain": item.domain.value if item.domain else "",
        "path": item.path.value if item.path else "",
        "expires": item.expires.value if item.expires else "",
        "secure": item.secure.value,
        "http_only": item.http_only.value,
        "same_site": same_site,
        "max_age": item.max_age.value if item.max_age else None,
    }


def failure(exception: Any) -> dict[str, str]:
    """An exception in this kit's form."""
    kind, _, message = exception.message.partition(": ")
    return {"type": kind, "message": message, "stack": exception.stack_trace}


class Oracle:
    """Answers the messages of the channel with the runtime."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self._runtime: Any = importlib.import_module("azure_functions_runtime")

    async def serve(self) -> None:
        """Until the host closes the pipe."""
        loop = asyncio.get_running_loop()
        messages = self._channel.messages()
        while message := await loop.run_in_executor(None, next, messages, None):
            header, body = message
            await (self.load(header) if header["op"] == "load" else self._invoke(header, body))

    async def load(self, header: dict[str, Any]) -> None:
        """Index an app and tell what it has."""
        runtime = self._runtime
        sys.path.append(header["folder"])
        runtime.start_threadpool_executor()
        request = Namespace(
            worker_init_request=Namespace(capabilities={}, function_app_directory=header["folder"])
        )
        answer = await runtime.worker_init_request(
            Namespace(request=request, properties={"host": "", "protos": protos()})
        )
        if not answer.result.status:
            self._channel.send({"op": "failed", **failure(answer.result.exception)})
            return
        functions = (await runtime.functions_metadata_request(None)).function_metadata_results or []
        described = [
            {"id": f.function_id, "name": f.name, "bindings": f.raw_bindings, "is_async": False}
            for f in functions
        ]
        self._channel.send(
            {"op": "loaded", "functions": described, "python": sys.version.split()[0]}
        )

    async def _invoke(self, header: dict[str, Any], body: bytes) -> None:
        runtime = self._runtime
        inputs = [
            Namespace(
                name=name, data=typed(wire, body), rpc_data="data", WhichOneof=lambda _: "data"
            )
            for name, wire in header["inputs"].items()
        ]
        call = Message(
            invocation_id=header["id"],
            function_id=header["function"],
            input_data=inputs,
            trigger_metadata={},
            trace_context=Namespace(
                trace_parent=header["trace"].get("parent", ""), trace_state="", attributes={}
            ),
            retry_context=Namespace(retry_count=0, max_retry_count=0, exception=None),
        )
        answer = await runtime.invocation_request(
            Namespace(request=Namespace(invocation_request=call))
        )
        result = {"op": "result", "id": header["id"], "ok": bool(answer.result.status)}
        if not answer.result.status:
            self._channel.send({**result, **failure(answer.result.exception)})
            return
        returned, answer_body = untyped(answer.return_value)
        outputs = {}
        for item in answer.output_data:
            outputs[item.name], body_of_output = untyped(item.data)
            answer_body = body_of_output or answer_body
        self._channel.send({**result, "return": returned, "outputs": outputs}, answer_body)


if __name__ == "__main__":
    sys.path[0] = sys.argv[1]
    from chatkit_worker.channel import Channel  # type: ignore[import-not-found]

    del sys.path[0]
    sys.dont_write_bytecode = True
    asyncio.run(Oracle(Channel()).serve())
