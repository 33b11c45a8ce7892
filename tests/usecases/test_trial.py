"""Trial installations around their worker: not needed, tried again at once, and told to the author in the letter (M6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from backoffice.domain.remarks import RemarkDraft
from backoffice.domain.verdicts import Coverage, Finding, Severity, Verdict
from backoffice.inspection.sandbox import transcript as trial
from backoffice.inspection.sandbox.transcript import Recorder
from backoffice.store import outbox
from backoffice.store.checks import Check
from backoffice.store.listings import Submission
from backoffice.store.outbox import Job, Mail
from backoffice.usecases import record_check, request_checks, review
from backoffice.usecases.record_check import current_checks
from tests.usecases.market import NOW, Market, outcome_of

TRANSCRIPT = {
    "steps": [
        {"name": "read", "at": 0, "seconds": 1.25, "ok": True, "detail": "Dockerfile"},
        {"name": "answered", "at": 2, "seconds": 90.0, "ok": False, "detail": ""},
    ],
    "logs": {"app": "\n".join(f"строка {number} <b>" for number in range(40)), "quiet": ""},
    "engine": {"version": "20.10.24"},
}


def tried(submission: Submission) -> Check:
    return next(check for check in current_checks(submission) if check.kind == "try_install")


def scanned(market: Market, **facts: Any) -> Submission:
    return market.awaiting(model_archive=outcome_of([], facts=facts))


def test_an_archive_without_a_config_says_that_none_is_needed(market: Market) -> None:
    submission = scanned(market, has_docker_config=False)
    check = tried(submission)
    assert (check.state, check.why, check.verdict) == ("not_needed", "no_config", "")
    assert submission.state == "awaiting_review"
    assert not Job.select().where(Job.actor == "try_install").exists()
    assert review.facts_of(submission, current_checks(submission), {}).files["model_archive"].try_install == ""
    assert market.decide(submission, "publish", market.vera, opaque_signed=True).kind == "publish"


def test_of_an_archive_that_was_not_read_whole_nobody_says_so(market: Market) -> None:
    unread = record_check.Outcome(
        state="findings",
        verdict=Verdict.WARN,
        coverage=Coverage(bytes=10, members=2, scanned=1, failed=1),
        facts={"has_docker_config": False},
    )
    submission = market.awaiting(model_archive=unread)
    assert [check.kind for check in current_checks(submission)] == ["scan"] * 4


def failing(market: Market, times: int) -> tuple[Submission, Check]:
    """A try-install without an engine, after so many tries."""
    submission = market.checked(market.submit(market.draft()), model_archive=outcome_of([], facts={"has_docker_config": True}))
    check = tried(submission)
    exhausted = times > 2
    job = outbox.begin(Job.get(Job.subject == check.id, Job.actor == "try_install").id, now=NOW)
    assert job is not None
    record_check.started(check.id, now=NOW)
    if exhausted:
        outbox.finish(job, now=NOW, outcome="dead", error="нет песочницы")
    else:
        outbox.retry(job, now=NOW, delay=timedelta(minutes=5), error="нет песочницы")
    record_check.failed(check.id, why="нет песочницы", exhausted=exhausted, now=NOW)
    return Submission.get_by_id(submission.id), check


@pytest.mark.parametrize("times", [1, 3], ids=["waiting for its next try", "given up"])
def test_what_waited_for_the_engine_is_tried_at_once(market: Market, times: int) -> None:
    submission, check = failing(market, times)
    assert submission.state == ("awaiting_review" if times > 2 else "checking")
    assert request_checks.hurry("try_install", now=NOW) == 1
    assert Submission.get_by_id(submission.id).state == "checking"
    due = Job.select().where(Job.actor == "try_install", Job.finished_at.is_null(), Job.due_at <= NOW)
    assert [job.subject for job in due] == [check.id]
    assert request_checks.hurry("try_install", now=NOW) == 0


@pytest.mark.parametrize("times", [1, 3], ids=["waiting for its next try", "given up"])
def test_a_check_repeated_by_hand_has_one_job(market: Market, times: int) -> None:
    _, check = failing(market, times)
    request_checks.rerun(check.id, person=market.vera, now=NOW)
    (job,) = Job.select().where(Job.subject == check.id, Job.actor == "try_install", Job.finished_at.is_null())
    assert (job.due_at, job.tries) == (NOW, 0)


def test_what_was_decided_meanwhile_is_left_alone(market: Market) -> None:
    submission, _ = failing(market, 3)
    market.decide(submission, "return", market.vera)
    assert request_checks.hurry("try_install", now=NOW) == 0


def returned(market: Market, remark: RemarkDraft) -> Mail:
    submission, check = failing(market, 1)
    job = outbox.begin(Job.get(Job.subject == check.id, Job.actor == "try_install").id, now=NOW + timedelta(hours=1))
    assert job is not None
    silent = Finding("run.silent", Severity.REQUIREMENT, params={"seconds": 90, "ports": "—"})
    record_check.record(check.id, outcome_of([silent], transcript=TRANSCRIPT), job=job, try_install_version="sandbox-1", now=NOW)
    market.decide(Submission.get_by_id(submission.id), "return", market.vera, remarks=[remark])
    letter: Mail = Mail.get(Mail.event == "returned")
    return letter


def test_a_remark_made_from_it_brings_the_transcript_to_the_author(market: Market) -> None:
    letter = returned(market, RemarkDraft(text="Демоверсия не отвечает.", slot="model_archive", rule="run.silent"))
    assert "Как прошла пробная установка демоверсии" in letter.text
    assert "- Чтение конфигурации: 1,2 с (Dockerfile)" in letter.text
    assert "- Ожидание ответа: 90 с — не получилось" in letter.text
    assert "Последние строки журнала «app»:" in letter.text
    assert "    строка 39 <b>" in letter.text
    assert "строка 27" not in letter.text
    assert "quiet" not in letter.text
    assert "строка 39 &lt;b&gt;" in letter.html
    assert "20.10.24" not in letter.text + letter.html


def test_other_remarks_do_not(market: Market) -> None:
    letter = returned(market, RemarkDraft(text="Добавьте заголовки столбцов.", slot="data_example"))
    assert "пробная установка" not in letter.text + letter.html


def test_what_an_author_writes_into_names_and_pages_can_be_stored(market: Market) -> None:
    """A NUL and half a surrogate pair, in every column that takes words from an archive or its service; both databases."""
    odd, kept = "я\0\ud800", "я��"
    recorder = Recorder()
    recorder.see("docker.root", file=odd, detail=odd)
    recorder.transcript.logs = {odd: odd}
    answer = trial.tried(recorder, detail=odd)
    market.awaiting(model_archive=outcome_of(answer.findings, transcript=answer.transcript, why=answer.kept))
    check = Check.get(Check.why != "")
    found = check.findings.get()
    assert (found.member, found.params, check.transcript["logs"]) == (kept, {"detail": kept}, {kept: kept})
    assert check.why.endswith(kept)
