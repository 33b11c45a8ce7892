"""A real Jupyter opens the author's real data, and the picture shows the notebook (A10, M6)."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from backoffice.inspection.sandbox import engine as engines
from backoffice.inspection.sandbox import policy
from backoffice.inspection.sandbox.attempt import PICTURE, try_install
from backoffice.inspection.sandbox.client import connected
from config.settings import ROOT
from scripts import jupyter_image
from tests.inspection.sandbox.archives import zipped

pytestmark = [pytest.mark.engine, pytest.mark.jail, pytest.mark.slow]

DOCKERFILE = """
FROM mlplace/jupyter:7
COPY demo.ipynb start.sh /demo/
VOLUME /data
EXPOSE 8888
USER app
CMD ["sh", "/demo/start.sh"]
"""
START = """
mkdir -p /tmp/demo
python3 -m nbconvert --to notebook --execute --output-dir /tmp/demo /demo/demo.ipynb
exec python3 -m notebook --ip=0.0.0.0 --port=8888 --no-browser --notebook-dir=/tmp/demo
"""
CODE = "import csv\nfor row in csv.reader(open('/data/prices.csv', encoding='utf-8')):\n    print(row)"
NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Прогноз цен"},
        {"cell_type": "code", "id": "b", "metadata": {}, "source": CODE, "execution_count": None, "outputs": []},
    ],
    "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.fixture
def address() -> Iterator[str]:
    """An engine with Jupyter's image on it: larger than the one the other tests share."""
    if missing := engines.lacking():
        pytest.skip(f"no Docker engine can run here: {missing}")
    folder = Path(tempfile.mkdtemp(prefix="mlp-eng-", dir="/tmp"))
    running = engines.start(folder, disk=2 << 30)
    try:
        with connected(running.address) as api:
            try:
                jupyter_image.provide(api, ROOT / "var" / "wheels")
            except jupyter_image.NoWheels as error:
                pytest.skip(f"Jupyter's wheels are not at hand, and the package index does not answer: {error}")
        yield running.address
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_the_moderator_sees_the_notebook_with_the_authors_data(address: str, tmp_path: Path) -> None:
    data = tmp_path / "6b1f"
    data.write_text("город,цена\nКазань,80\n")
    archive = zipped(tmp_path / "demo.zip", {"Dockerfile": DOCKERFILE, "start.sh": START, "demo.ipynb": json.dumps(NOTEBOOK)})
    terms = policy.terms(start_seconds=180, page_seconds=90, stop_seconds=60)
    answer = try_install(archive, name="demo.zip", data=data, data_name="prices.csv", engine=address, terms=terms)
    assert (answer.outcome, answer.findings) == ("passed", []), (answer.why, answer.transcript["logs"])
    page = answer.transcript["http"][0]
    assert page["jupyter"]
    assert page["path"] == "/notebooks/demo.ipynb"
    assert "Прогноз цен" in page["text"]
    assert "['Казань', '80']" in page["text"]
    assert PICTURE in [name for name, _, _ in answer.files]
