"""Data examples: scikit-learn's bundled data sets and pictures in the formats that authors send (A7)."""

from __future__ import annotations

import io
import json
import wave
import zipfile
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image
from pyarrow import csv, parquet
from sklearn import datasets

SIDE = 227  # what AlexNet wants


@cache
def table(name: str) -> pa.Table:
    """A data set with readable column names, the answer last."""
    bunch: Any = getattr(datasets, f"load_{name}")()
    columns = {
        str(column).replace(" (cm)", "").replace(" ", "_"): bunch.data[:, n] for n, column in enumerate(bunch.feature_names)
    }
    return pa.table({**columns, "target": bunch.target})


def as_csv(name: str, *, header: bool = True) -> bytes:
    """Comma-separated, with a header row unless told otherwise."""
    out = io.BytesIO()
    csv.write_csv(table(name), out, csv.WriteOptions(include_header=header))
    return out.getvalue()


def as_parquet(name: str) -> bytes:
    """Parquet with page checksums."""
    out = io.BytesIO()
    parquet.write_table(table(name), out, compression="zstd", write_page_checksum=True)
    return out.getvalue()


def as_json(name: str, *, rows: int = 60) -> bytes:
    """A list of observations."""
    return json.dumps(table(name).slice(0, rows).to_pylist(), ensure_ascii=False, indent=1).encode()


def sales() -> pa.Table:
    """Weekly sales of a few goods: a level, a season, a campaign now and then, noise."""
    random = np.random.default_rng(7)
    goods = ("молоко 3,2 %", "хлеб ржаной", "яблоки", "кофе молотый")
    rows = []
    for week in range(26):
        for number, good in enumerate(goods):
            promo = int(random.random() < 0.15)
            level = (420, 310, 150, 60)[number] * (1 + 0.15 * np.sin(week / 4 + number)) * (1 + 0.4 * promo)
            rows.append((week + 1, good, int(random.poisson(level)), (89, 52, 139, 429)[number], promo))
    return pa.table(dict(zip(("неделя", "товар", "продано", "цена", "акция"), map(list, zip(*rows, strict=True)), strict=True)))


def sales_csv(*, header: bool) -> bytes:
    """The sales, with or without their header row."""
    out = io.BytesIO()
    csv.write_csv(sales(), out, csv.WriteOptions(include_header=header, quoting_style="needed"))
    return out.getvalue()


def receipts_json() -> bytes:
    """Receipts of a café, nobody's personal data in them."""
    goods = ("капучино", "круассан", "чай", "сэндвич", "сок", "печенье")
    random = np.random.default_rng(11)
    receipts = [
        {
            "чек": n + 1,
            "час": int(random.integers(8, 21)),
            "товары": sorted(random.choice(goods, random.integers(1, 4), replace=False)),
        }
        for n in range(80)
    ]
    return json.dumps(receipts, ensure_ascii=False, indent=1).encode()


def telemetry_json() -> bytes:
    """Two hours of a well, minute by minute."""
    random = np.random.default_rng(3)
    steps = [
        {
            "время": f"2026-09-01T{n // 60:02}:{n % 60:02}:00+03:00",
            "давление_МПа": round(12.4 + 0.2 * np.sin(n / 9) + random.normal(0, 0.03), 3),
            "дебит_м3ч": round(8.1 + random.normal(0, 0.1), 2),
            "температура_C": round(61 + n / 80 + random.normal(0, 0.2), 1),
        }
        for n in range(120)
    ]
    return json.dumps(steps, ensure_ascii=False, indent=1).encode()


@cache
def photograph(name: str) -> Image.Image:
    """One of scikit-learn's two photographs: china or flower."""
    return Image.fromarray(datasets.load_sample_image(f"{name}.jpg"))


def jpeg(name: str, *, box: tuple[int, int, int, int] | None = None, side: int = 0) -> bytes:
    """A photograph, cut and scaled."""
    return _saved(_prepared(name, box, side), "JPEG", quality=88)


def png(name: str, *, box: tuple[int, int, int, int] | None = None, side: int = 0) -> bytes:
    """The same without loss."""
    return _saved(_prepared(name, box, side), "PNG", optimize=True)


def digits_png(*, columns: int = 8, scale: int = 24) -> bytes:
    """The display of a meter: a row of real handwritten digits, enlarged."""
    digits: Any = datasets.load_digits()
    row = np.hstack([digits.images[n * 3] for n in range(columns)])
    picture = Image.fromarray((255 - row * 15.9).astype("uint8"))
    return _saved(picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST), "PNG")


def pictures_zip() -> bytes:
    """Four colour pictures of AlexNet's size."""
    boxes = {"цветок-1": ("flower", (100, 20, 500, 420)), "цветок-2": ("flower", (220, 0, 640, 420))}
    boxes |= {"пагода-1": ("china", (0, 0, 427, 427)), "пагода-2": ("china", (200, 0, 627, 427))}
    return zipped({f"снимки/{name}.jpeg": jpeg(source, box=box, side=SIDE) for name, (source, box) in boxes.items()})


def wav(*, seconds: float = 3.0, rate: int = 16_000) -> bytes:
    """A pump that runs well: hum, bearing tone, noise."""
    random = np.random.default_rng(5)
    t = np.arange(int(seconds * rate)) / rate
    sound = 0.5 * np.sin(2 * np.pi * 49.5 * t) + 0.2 * np.sin(2 * np.pi * 1_180 * t) * (1 + 0.3 * np.sin(2 * np.pi * 7 * t))
    sound += random.normal(0, 0.04, t.size)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", "not compressed"))
        file.writeframes((np.clip(sound, -1, 1) * 30_000).astype("<i2").tobytes())
    return out.getvalue()


def zipped(members: dict[str, bytes], *, when: tuple[int, int, int, int, int, int] = (2026, 9, 1, 12, 0, 0)) -> bytes:
    """A .zip with these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, when)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o100644 << 16
            archive.writestr(info, data)
    return out.getvalue()


def _prepared(name: str, box: tuple[int, int, int, int] | None, side: int) -> Image.Image:
    picture = photograph(name).crop(box) if box else photograph(name)
    return picture.resize((side, side), Image.Resampling.LANCZOS) if side else picture


def _saved(picture: Image.Image, format_: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, format_, **options)
    return out.getvalue()
