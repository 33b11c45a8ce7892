"""Instructions and terms of use, good, damaged and hostile (A8, A9)."""

from __future__ import annotations

from tests.corpus import markdowns, ole, pdfs, words
from tests.corpus.case import Case

CASES: tuple[Case, ...] = (*markdowns.CASES, *pdfs.CASES, *words.CASES, *ole.CASES)
