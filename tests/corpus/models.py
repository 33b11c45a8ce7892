"""Bare models and compiled code: pickles and HDF5 as uploads, good, damaged and hostile (A10)."""

from __future__ import annotations

from tests.corpus import binaries, hdfs, pickles
from tests.corpus.case import Case

CASES: tuple[Case, ...] = (*pickles.CASES, *hdfs.CASES, *binaries.CASES)
