"""What tests of use cases can ask for."""

from __future__ import annotations

import pytest
from peewee import Database

from tests.usecases.office import Office


@pytest.fixture
def office(database: Database) -> Office:
    return Office()
