"""A market whose jobs are done by the product's own processes."""

from __future__ import annotations

import pytest

from tests.real.deployment import Deployment
from tests.usecases.market import Market


@pytest.fixture
def market(deployment: Deployment) -> Market:
    """People and submissions in the deployment's database."""
    return Market(deployment.wiring)
