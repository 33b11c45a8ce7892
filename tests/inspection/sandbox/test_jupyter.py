"""A real Jupyter opens the author's real data, and the picture shows the notebook (A10, M6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from backoffice.demo import examples, notebook
from backoffice.inspection.sandbox import policy
from backoffice.inspection.sandbox.attempt import PICTURE, try_install
from backoffice.inspection.sandbox.client import connected
from config.settings import ROOT
from scripts import jupyter_image
from tests.inspection.sandbox.archives import zipped
from tests.real.engine import started
from tests.real.needed import lacking

pytestmark = [pytest.mark.engine, pytest.mark.jail, pytest.mark.slow]


@pytest.fixture
def address() -> Iterator[str]:
    """An engine with Jupyter's image on it: larger than the one the other tests share."""
    with started(disk=2 << 30) as running:
        with connected(running.address) as api:
            try:
                jupyter_image.provide(api, ROOT / "var" / "wheels")
            except jupyter_image.NoWheels as error:
                lacking(f"Jupyter's wheels are not at hand, and the package index does not answer: {error}")
        yield running.address


def test_the_moderator_sees_the_notebook_with_the_authors_data(address: str, tmp_path: Path) -> None:
    """The very archive that the demo's submission brings."""
    members = notebook.members()
    assert members is not None, "gcc is not installed"
    data = tmp_path / "6b1f"
    data.write_bytes(examples.sales_csv(header=True))
    terms = policy.terms(start_seconds=180, page_seconds=90, stop_seconds=60)
    answer = try_install(
        zipped(tmp_path / "demo.zip", members), name="demo.zip", data=data, data_name="продажи.csv", engine=address, terms=terms
    )
    assert (answer.outcome, answer.findings) == ("passed", []), (answer.why, answer.transcript["logs"])
    page = answer.transcript["http"][0]
    assert page["jupyter"]
    assert page["path"] == "/notebooks/forecast.ipynb"
    assert "Прогноз спроса на неделю" in page["text"]
    assert "продажи.csv: строк — 104" in page["text"]
    assert re.search(r"молоко 3,2 %\s+451\s+89", page["text"])
    assert PICTURE in [name for name, _, _ in answer.files]
    assert answer.transcript["lookups"] == {}


def test_without_the_package_index_it_says_so_and_can_be_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(jupyter_image.NoWheels, match="No matching distribution"):
        jupyter_image.wheels(tmp_path)
    assert not list(tmp_path.glob("*/complete"))
