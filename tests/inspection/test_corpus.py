"""Every file of the corpus gets exactly the verdict and the findings it should: nothing missed, no false alarm (M5, A7–A10)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from backoffice.inspection import runner
from tests.corpus import build

pytestmark = [pytest.mark.clamd, pytest.mark.jail, pytest.mark.slow]

ASKS = "test_the_file_gets_its_verdict"
CASES = {f"{family}/{case.slot}/{case.name}": case for family, case in build.cases()}


@pytest.fixture(scope="session")
def inspected(
    clamd: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> dict[str, runner.Inspection]:
    """The answers for the files this run asks about, two at a time: all of them, or those that ``-k`` chose."""
    asked = {item.callspec.params["name"] for item in request.session.items if getattr(item, "originalname", "") == ASKS}
    folder = tmp_path_factory.mktemp("corpus")

    def inspect(name: str) -> runner.Inspection:
        case, path = CASES[name], folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        case.build(path)
        return runner.inspect(path, slot=case.slot, name=case.name, antivirus=clamd)

    with ThreadPoolExecutor(2) as pool:
        names = [name for name in CASES if name in asked or not asked]
        return dict(zip(names, pool.map(inspect, names), strict=True))


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


def test_no_two_files_share_a_place() -> None:
    assert len(CASES) == len(build.cases())
