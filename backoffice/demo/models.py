"""Which author offers which model, and of what files: each builder makes real bytes when called."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from backoffice.demo import archives, documents, examples
from backoffice.demo.players import PLAYERS

TEXTS = Path(__file__).parent / "texts"
SLOTS = ("data_example", "instruction", "terms_of_use", "model_archive")
Made = tuple[str, Callable[[], bytes]]


@dataclass(frozen=True, slots=True)
class Model:
    """One model: its author, its files, and the kinds of its two documents."""

    author: str
    data: Made
    archive: Made
    manual: str = "pdf"
    terms: str = "terms-demo.md"


def _library(function: str) -> bytes:
    return examples.zipped(archives.library_members(function))


MODELS: Mapping[str, Model] = {
    "alexnet": Model(
        "anna",
        ("снимки.zip", examples.pictures_zip),
        ("alexnet-demo.zip", lambda: examples.zipped(archives.docker_members("AlexNet — распознавание изображений"))),
        terms="terms-demo.docx",
    ),
    "welds": Model(
        "anna",
        ("шов-014.jpeg", lambda: examples.jpeg("china", box=(40, 60, 600, 400))),
        ("weld-check.tar.gz", lambda: archives.tar_gz(archives.library_members("weld_check"))),
        manual="docx",
    ),
    "iris": Model(
        "pavel",
        ("iris.csv", lambda: examples.as_csv("iris")),
        ("iris.pickle", lambda: archives.pickled("iris")),
        "md",
        "terms-open.md",
    ),
    "wine": Model("pavel", ("wine.parquet", lambda: examples.as_parquet("wine")), ("wine-demo.h5", archives.weights_h5), "docx"),
    "diabetes": Model(
        "marina",
        ("показатели.csv", lambda: examples.as_csv("diabetes")),
        ("diabetes.pickle", lambda: archives.pickled("diabetes")),
        terms="terms-demo.pdf",
    ),
    "breast": Model(
        "marina",
        ("наблюдения.json", lambda: examples.as_json("breast_cancer")),
        ("screen-demo.zip", lambda: _library("screen")),
        "docx",
        "terms-demo.pdf",
    ),
    "bearings": Model(
        "ilya",
        ("насос-исправный.wav", examples.wav),
        ("listen-demo.7z", lambda: archives.seven_zip(archives.library_members("listen"))),
        "docx",
    ),
    "meters": Model(
        "ilya",
        ("счётчик.png", examples.digits_png),
        ("meters-demo.tar.gz", lambda: archives.tar_gz(archives.docker_members("Чтение показаний счётчиков"))),
        "md",
    ),
    "demand": Model(
        "svetlana",
        ("продажи.csv", lambda: examples.sales_csv(header=True)),
        ("demand.pickle", lambda: archives.pickled("sales")),
        "md",
        "terms-open.md",
    ),
    "basket": Model("svetlana", ("чеки.json", examples.receipts_json), ("basket.pickle", archives.hostile_pickle), "md"),
    "segments": Model(
        "svetlana", ("покупатели.parquet", lambda: examples.as_parquet("iris")), ("segment-demo.zip", archives.infected_zip)
    ),
    "weeds": Model(
        "pavel",
        ("поле.jpeg", lambda: examples.png("flower", box=(0, 0, 400, 300))),
        ("weeds-demo.zip", lambda: _library("weeds")),
    ),
    "telemetry": Model(
        "ilya", ("скважина.json", examples.telemetry_json), ("telemetry-demo.zip", archives.encrypted_zip), "docx"
    ),
    "visitors": Model(
        "anna",
        ("кадр.png", lambda: examples.png("china", box=(100, 100, 420, 340))),
        ("visitors.zip", archives.sources_zip),
        "md",
        "terms-open.md",
    ),
}


@cache
def text(model: str) -> Mapping[str, str]:
    """The card, its classification and the manual."""
    return {name: value.strip() for name, value in tomllib.loads((TEXTS / f"{model}.toml").read_text("utf-8")).items()}


@cache
def files(model: str) -> Mapping[str, Made]:
    """The four files of a model, by slot. The same builders each time, so that what they make can be kept."""
    spec = MODELS[model]
    author = next(player.name for player in PLAYERS if player.key == spec.author)
    terms_name, _, terms_kind = spec.terms.rpartition(".")
    terms = (TEXTS / f"{terms_name}.md").read_text("utf-8")
    return {
        "data_example": spec.data,
        "instruction": (f"инструкция.{spec.manual}", lambda: document(text(model)["manual"], spec.manual, author)),
        "terms_of_use": (f"условия.{terms_kind}", lambda: document(terms, terms_kind, author)),
        "model_archive": spec.archive,
    }


def document(words: str, kind: str, author: str) -> bytes:
    """A manual or terms as .md, .docx or .pdf."""
    if kind == "md":
        return documents.markdown(words)
    return documents.docx(words, author=author) if kind == "docx" else documents.pdf(words, author=author)
