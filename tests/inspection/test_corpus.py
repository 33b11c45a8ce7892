"""Every file of the corpus gets exactly the verdict and the findings it should: nothing missed, no false alarm (M5, A7–A10)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from backoffice.inspection import runner
from tests.corpus import build

pytestmark = [pytest.mark.clamd, pytest.mark.jail, pytest.mark.slow]

CASES = {f"{family}/{case.slot}/{case.name}": case for family, case in build.cases()}


@pytest.fixture(scope="session")
def inspected(clamd: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, runner.Inspection]:
    """The answers for the whole corpus, two files at a time."""
    built = build.build(tmp_path_factory.mktemp("corpus"))
    with ThreadPoolExecutor(2) as pool:
        seen = pool.map(lambda one: runner.inspect(one.path, slot=one.case.slot, name=one.case.name, antivirus=clamd), built)
        return {f"{one.family}/{one.case.slot}/{one.case.name}": answer for one, answer in zip(built, seen, strict=True)}


@pytest.mark.parametrize("name", CASES)
def test_the_file_gets_its_verdict(inspected: dict[str, runner.Inspection], name: str) -> None:
    case, seen = CASES[name], inspected[name]
    told = [(finding.rule, finding.member, dict(finding.params)) for finding in seen.findings]
    assert (seen.verdict, {finding.rule for finding in seen.findings}) == (case.verdict, set(case.rules)), told


def test_every_member_ends_in_exactly_one_count(inspected: dict[str, runner.Inspection]) -> None:
    for name, seen in inspected.items():
        cover = seen.coverage
        assert cover.members == cover.scanned + cover.opaque + cover.failed, name


def test_what_was_not_looked_at_never_passes(inspected: dict[str, runner.Inspection]) -> None:
    for name, seen in inspected.items():
        assert seen.verdict != "pass" or seen.coverage.opaque + seen.coverage.failed == 0, name
