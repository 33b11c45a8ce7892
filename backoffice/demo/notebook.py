"""A demo as most authors would send it (A10): a Docker config on the sandbox's own Jupyter image, a compiled model, and a notebook for it.

The client's table is read where it is mounted; the model is a small library, so that the notebook shows how to use it and not how it works.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
from sklearn.linear_model import LinearRegression

from backoffice.demo import examples, native

WEEKS = 4  # that the forecast looks back
FUNCTION = "demand"
START = (
    "mkdir -p /tmp/demo && python3 -m nbconvert --to notebook --execute --output-dir /tmp/demo /demo/forecast.ipynb"
    " && exec python3 -m notebook --ip=0.0.0.0 --port=8888 --no-browser --ServerApp.root_dir=/tmp/demo"
)
DOCKERFILE = f"""FROM mlplace/jupyter:7
COPY lib{FUNCTION}.so forecast.ipynb /demo/
VOLUME /data
EXPOSE 8888
USER app
CMD {json.dumps(["sh", "-c", START])}
"""
COMPOSE = 'services:\n  notebook:\n    build: .\n    ports:\n      - "8888:8888"\n    volumes:\n      - ./data:/data:ro\n'
README = """# Прогноз спроса

1. Положите таблицу продаж (.csv) в папку `data`.
2. `docker compose up`
3. Откройте адрес с токеном, который напечатает контейнер: в блокноте уже ваша таблица и прогноз.
"""
TABLE = """import csv
from pathlib import Path
from IPython.display import HTML, display
def show(rows):
    cells = ''.join('<tr>' + ''.join(f'<td>{value}</td>' for value in row.values()) + '</tr>' for row in rows)
    display(HTML('<table><tr>' + ''.join(f'<th>{name}</th>' for name in rows[0]) + f'</tr>{cells}</table>'))
table = sorted(Path('/data').glob('*.csv'))[0]
with table.open(encoding='utf-8') as file:
    sales = list(csv.DictReader(file))
print(f'{table.name}: строк — {len(sales)}')
show(sales[:3])"""
FORECAST = f"""import ctypes

model = ctypes.CDLL('/demo/lib{FUNCTION}.so').{FUNCTION}
model.restype = ctypes.c_double

def forecast(good):
    weeks = [float(row['продано']) for row in sales if row['товар'] == good][-{WEEKS}:]
    return round(model((ctypes.c_double * {WEEKS})(*weeks), {WEEKS}))

show([{{'товар': good, 'прогноз на неделю, шт.': forecast(good)}} for good in dict.fromkeys(row['товар'] for row in sales)])"""


def members() -> dict[str, bytes] | None:
    """The archive's files; None without a compiler."""
    weights, offset = _trained()
    library = native.shared_object(FUNCTION, weights, offset)
    if library is None:
        return None
    return {
        "Dockerfile": DOCKERFILE.encode(),
        "compose.yaml": COMPOSE.encode(),
        "README.md": README.encode(),
        "forecast.ipynb": _notebook(),
        f"lib{FUNCTION}.so": library,
    }


@cache
def _trained() -> tuple[tuple[float, ...], float]:
    """Next week's sales of a good out of its last weeks, fitted on the demo's own table."""
    rows = examples.sales()
    sold, goods = np.asarray(rows["продано"], dtype=float), np.asarray(rows["товар"])
    past, following = [], []
    for good in np.unique(goods):
        series = sold[goods == good]
        windows = np.lib.stride_tricks.sliding_window_view(series, WEEKS + 1)
        past.append(windows[:, :WEEKS])
        following.append(windows[:, WEEKS])
    fitted = LinearRegression().fit(np.concatenate(past), np.concatenate(following))
    return tuple(float(weight) for weight in fitted.coef_), float(fitted.intercept_)


def _notebook() -> bytes:
    def code(name: str, source: str) -> dict[str, Any]:
        return {"cell_type": "code", "id": name, "metadata": {}, "source": source, "execution_count": None, "outputs": []}

    title = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# Прогноз спроса на неделю"}
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    cells = [title, code("table", TABLE), code("forecast", FORECAST)]
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, ensure_ascii=False).encode()
