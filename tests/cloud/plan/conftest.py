"""A whole tutorial, done once for all that is compared with it."""

from __future__ import annotations

import pytest

from tests.cloud.plan.whole_tutorial import Whole, sent_by_notebooks


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """What every notebook has sent."""
    return sent_by_notebooks(tmp_path_factory.mktemp("whole"))
