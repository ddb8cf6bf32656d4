"""The app's own identity: it signs in without any secret where its settings hold no key.

https://learn.microsoft.com/azure/azure-functions/functions-reference#connections
"""

import functools
import logging
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.identity import DefaultAzureCredential


@functools.cache
def credential() -> "DefaultAzureCredential":
    """Who the app is, for clients of Azure's services; it keeps its tokens."""
    # This import takes a while, and an app with keys does not need it.
    from azure.identity import DefaultAzureCredential

    # Otherwise every token is a line in the log.
    logging.getLogger("azure.identity").setLevel(logging.WARNING)
    return DefaultAzureCredential()


def blob_service_url() -> str:
    """Where the storage account's blobs are, by the settings that name the account."""
    url = os.environ.get("AzureWebJobsStorage__blobServiceUri")
    return url or f"https://{os.environ['AzureWebJobsStorage__accountName']}.blob.core.windows.net"
