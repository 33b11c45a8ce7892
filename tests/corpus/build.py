"""Build the whole corpus into a folder: ``python -m tests.corpus.build FOLDER``. Each file beside what must be said of it."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.corpus.case import Case

FAMILIES = ("archives", "model_archives", "data", "media", "documents", "models")


@dataclass(frozen=True, slots=True)
class Built:
    """A case, and where its file is. Families have folders of their own."""

    case: Case
    family: str
    path: Path

    @property
    def id(self) -> str:
        return f"{self.family}/{self.case.name}"


def cases() -> list[tuple[str, Case]]:
    """Every case with its family."""
    found: list[tuple[str, Case]] = []
    for family in FAMILIES:
        name = f"tests.corpus.{family}"
        if importlib.util.find_spec(name) is not None:
            found += [(family, case) for case in importlib.import_module(name).CASES]
    return found


def build(folder: Path) -> list[Built]:
    """Write every file. A name may stand twice in the corpus only in different slots."""
    built: list[Built] = []
    for family, case in cases():
        path = folder / family / case.slot / case.name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            raise ValueError(f"{family}/{case.name} stands in the corpus twice")
        case.build(path)
        built.append(Built(case, family, path))
    return built


if __name__ == "__main__":
    target = Path(sys.argv[1])
    rows = [
        {
            "file": str(one.path.relative_to(target)),
            "slot": one.case.slot,
            "verdict": one.case.verdict,
            "rules": list(one.case.rules),
        }
        for one in build(target)
    ]
    (target / "corpus.json").write_text(json.dumps(rows, ensure_ascii=False, indent=2), encoding="utf-8")
    print(f"{len(rows)} files in {target}")
