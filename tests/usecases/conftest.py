"""What tests of use cases can ask for."""

from __future__ import annotations

from pathlib import Path

import pytest
from peewee import Database

from backoffice.wiring import Wiring
from config.settings import Settings
from tests.usecases.market import Market
from tests.usecases.office import Office


@pytest.fixture
def office(database: Database) -> Office:
    return Office()


@pytest.fixture
def market(database: Database, database_url: str, tmp_path: Path) -> Market:
    """Both databases, one after the other."""
    return Market(Wiring(Settings(var=tmp_path / "var", database_url=database_url)))
