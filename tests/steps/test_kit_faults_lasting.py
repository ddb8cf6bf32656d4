"""What goes wrong in Azure and stays so, rehearsed on a local cloud.

Every verb says why not and what to do.
"""

from __future__ import annotations

import pytest
from azure.core.exceptions import AzureError

from chatkit.cloud.local_cloud import ask
from chatkit.core.errors import ChatkitError
from chatkit.workshop import Workshop
from tests.steps.azure_faults import ALWAYS, RESOURCES, Fault, inject

# A dropped connection is one that its client never closes.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning"),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning"
    ),
]
SAID = [
    *(Fault("name-taken", verb, "suffix", ALWAYS) for verb in RESOURCES[1:]),
    Fault("not-registered", "create_storage_account", "register", ALWAYS),
    Fault("free-quota", "create_signalr", "region", ALWAYS),
    Fault("region-without-flex", "create_function_app", "region", ALWAYS),
    Fault(
        "python-not-offered",
        "create_function_app",
        "runs Python 3.10, 3.11, 3.13, 3.14 there",
        ALWAYS,
    ),
    *(Fault("throttled", verb, "requests", ALWAYS) for verb in RESOURCES),
    *(
        Fault(kind, "create_function_app", "again", ALWAYS)
        for kind in ("server-error", "unavailable", "gateway-timeout")
    ),
    Fault("no-shared-key", "create_storage_account", "policy", ALWAYS),
    *(Fault("dropped", verb, "again", ALWAYS) for verb in RESOURCES),
]


@pytest.mark.parametrize("fault", SAID, ids=str)
def test_a_lasting_failure_is_explained_and_the_verb_works_once_it_is_over(
    workshop: Workshop, fault: Fault
) -> None:
    """Cause and remedy are in one sentence, and nothing half-made stands in the way afterwards."""
    inject(fault)
    with pytest.raises((ChatkitError, AzureError)) as caught:
        getattr(workshop, fault.verb)()
    hints = [getattr(caught.value, "hint", ""), *getattr(caught.value, "__notes__", ())]
    assert fault.said in " ".join(hints)
    ask("DELETE", "/faults")
    getattr(workshop, fault.verb)()
