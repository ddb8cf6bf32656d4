"""Why an app that loads has no functions, or not all: Azure's reasons and our own, as sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

RUNTIME_SETTING = "FUNCTIONS_WORKER_RUNTIME"
SCRIPT_SETTING = "PYTHON_SCRIPT_FILE_NAME"
HERE = "It has HTTP, timers, blobs and SignalR."
# Beginnings of binding types, in lower case, and the service that each belongs to.
ELSEWHERE = {
    "queue": "Azure Queue Storage",
    "table": "Azure Table Storage",
    "eventhub": "Azure Event Hubs",
    "eventgrid": "Azure Event Grid",
    "servicebus": "Azure Service Bus",
    "cosmosdb": "Azure Cosmos DB",
    "documentdb": "Azure Cosmos DB",
    "sql": "Azure SQL",
    "mysql": "Azure Database for MySQL",
    "kusto": "Azure Data Explorer",
    "orchestration": "Durable Functions",
    "activity": "Durable Functions",
    "entity": "Durable Functions",
    "durable": "Durable Functions",
    "warmup": "warm-up of Premium plans",
    "kafka": "Apache Kafka",
    "rabbitmq": "RabbitMQ",
    "redis": "Azure Cache for Redis",
    "dapr": "Dapr",
    "webpubsub": "Azure Web PubSub",
    "sendgrid": "SendGrid",
    "twilio": "Twilio",
    "assistant": "Azure OpenAI",
    "textcompletion": "Azure OpenAI",
    "embeddings": "Azure OpenAI",
    "semanticsearch": "Azure OpenAI",
    "mcp": "the Model Context Protocol",
    "connector": "connectors",
}


def other_language(settings: Mapping[str, str]) -> str:
    """The language that the app's settings name instead of Python; empty when they do not."""
    named = settings.get(RUNTIME_SETTING, "").strip()
    if named.lower() in ("", "python"):
        return ""
    return named


def reason(folder: Path, settings: Mapping[str, str], unlisted: Sequence[str]) -> str:
    """Why the host has found no function in an app that has loaded.

    Args:
        folder: Of the app.
        settings: The app's.
        unlisted: Functions that host.json does not let run.
    """
    language = other_language(settings)
    if language:
        return (
            f"{RUNTIME_SETTING} is '{language}', so that the host looks for functions in another"
            " language, as in Azure. For this app it is 'python'."
        )
    if unlisted:
        return f'"functions" in host.json leaves out all that the app has: {", ".join(unlisted)}.'
    script = settings.get(SCRIPT_SETTING) or "function_app.py"
    if (folder / script).is_file():
        return f"{script} has a FunctionApp without functions."
    if model_1(folder):
        return (
            "its functions are described by function.json files, which is programming model 1 of"
            " Python. Azure runs both models; the local host runs model 2, with a FunctionApp in"
            " function_app.py."
        )
    return f"there is no {script} with a FunctionApp at the root of the app."


def model_1(folder: Path) -> list[str]:
    """Names of the functions that programming model 1 has in an app: folders with a description."""
    return sorted(description.parent.name for description in folder.glob("*/function.json"))


def left_out(folder: Path) -> str:
    """What the host says when functions of model 1 lie beside those of model 2, else empty.

    WorkerFunctionMetadataProvider takes what the worker has indexed and reads no function.json.
    """
    names = model_1(folder)
    if not names:
        return ""
    return (
        f"Detected mixed function app. Some functions may not be indexed - {', '.join(names)}."
        " Beside a FunctionApp the host reads no function.json."
    )


def not_here(kind: str) -> str:
    """What is said about a binding type that the local host does not have.

    It is right on Azure, so that the sentence does not blame the app.
    """
    lower = kind.lower()
    service = next((ELSEWHERE[name] for name in ELSEWHERE if lower.startswith(name)), "")
    if not service:
        return f"The binding type '{kind}' is not in the local host. {HERE} Azure has many more."
    return (
        f"The binding type '{kind}' ({service}) is not in the local host, so this function does not"
        f" run on this machine; Azure runs it. {HERE}"
    )
