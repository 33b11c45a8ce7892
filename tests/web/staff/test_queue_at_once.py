"""Sixty-four moderators press «Взять следующую» at once, over HTTP, on the processes of Procfile (M3)."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator

import pytest

from backoffice.clock import utcnow
from backoffice.store.audit import Audit
from backoffice.store.listings import Submission
from scripts.services import answers, free_port
from tests.real.callers import Answer, Caller
from tests.real.deployment import Deployment
from tests.real.waiting import PATIENCE, until
from tests.usecases.office import Office

pytestmark = pytest.mark.slow
MODERATORS, WAITING = 64, 40


@pytest.fixture
def address(deployment: Deployment) -> str:
    """The pages as Procfile starts them: several gunicorn processes of several threads."""
    port = free_port(18400)
    deployment.start("web", WEB_BIND=f"127.0.0.1:{port}")
    until(lambda: answers(port), about="gunicorn")
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def callers(address: str, deployment: Deployment) -> Iterator[list[Caller]]:
    """Each at a queue page of their own."""
    office = Office()
    made = [Caller(address, deployment.wiring, office.person(f"Модератор {n}", "moderator")) for n in range(MODERATORS)]
    for number in range(WAITING):
        office.submission(f"Модель {number}", submitted_at=utcnow())
    for caller in made:
        assert caller.page("/staff/queue/").status == 200
    yield made
    for caller in made:
        caller.close()


def at_once(callers: list[Caller], path: str) -> list[Answer]:
    """Everybody's answer to the same press."""
    start = threading.Barrier(len(callers), timeout=PATIENCE)
    found: dict[int, Answer] = {}

    def press(number: int) -> None:
        start.wait()
        found[number] = callers[number].post(path)

    threads = [threading.Thread(target=press, args=(number,)) for number in range(len(callers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[number] for number in range(len(callers))]


def test_no_submission_goes_to_two_and_none_is_left_out(callers: list[Caller]) -> None:
    answers = at_once(callers, "/staff/queue/next")
    assert Counter(answer.status for answer in answers) == {302: MODERATORS}
    given = [int(found[1]) for answer in answers if (found := re.search(r"/staff/review/(\d+)$", answer.location))]
    assert sorted(given) == [row.id for row in Submission.select(Submission.id).order_by(Submission.id)]
    assert [answer.location for answer in answers if "review" not in answer.location] == ["/staff/queue/"] * (
        MODERATORS - WAITING
    )
    holders = [row.claimant_id for row in Submission.select(Submission.claimant)]
    assert len(set(holders)) == WAITING
    assert Audit.select().where(Audit.action == "claimed").count() == WAITING


def test_of_all_who_take_the_same_one_gets_it_and_the_others_are_told_who(callers: list[Caller]) -> None:
    wanted = Submission.select().order_by(Submission.id).first()
    answers = at_once(callers, f"/staff/queue/{wanted.id}/take")
    winners = [n for n, answer in enumerate(answers) if answer.location.endswith(f"/staff/review/{wanted.id}")]
    assert len(winners) == 1
    holder = Submission.get_by_id(wanted.id).claimant.name
    loser = callers[(winners[0] + 1) % MODERATORS]
    assert holder in loser.page("/staff/queue/").text
    assert Audit.select().where(Audit.action == "claimed").count() == 1
