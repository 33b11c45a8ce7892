"""A trial installation as its moderator and its author meet it: the page, the logs with a search, the lines, trying again, letting pass (M6)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from backoffice.domain.verdicts import Finding, Severity, Verdict
from backoffice.store.base import db
from backoffice.store.checks import Check
from backoffice.store.listings import Submission
from backoffice.store.outbox import Job
from backoffice.usecases import record_check, request_checks
from backoffice.usecases.record_check import Outcome, current_checks
from tests.real.browser import Watched
from tests.usecases.market import NOW, Market, outcome_of
from tests.web.staff.conftest import Enter

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
SILENT = Finding("run.silent", Severity.REQUIREMENT, member="web/Dockerfile", place="3", params={"seconds": 90, "ports": "—"})
TRANSCRIPT: dict[str, Any] = {
    "steps": [
        {"name": "read", "at": 0, "seconds": 1.2, "ok": True, "detail": "compose.yaml"},
        {"name": "answered", "at": 2, "seconds": 90, "ok": False, "detail": ""},
    ],
    "config": {
        "kind": "compose",
        "file": "compose.yaml",
        "texts": {"compose.yaml": "services:\n  web:\n    build: web\n", "web/Dockerfile": "FROM a\nUSER app\nCMD sleep 600\n"},
    },
    "services": [
        {"name": "web", "memory_peak": 9 << 20, "cpu_seconds": 0.4, "pids_peak": 3, "exit_code": 137, "oom": False, "written": 0}
    ],
    "logs": {"web": "\n".join(f"строка {number}" for number in range(200)) + "\nОшибка: нет модели", "cache": "готов\n"},
    "http": [],
    "image": {"service": "web", "name": "web/Dockerfile", "digest": "sha256:5b", "size": 9 << 20, "layers": 5},
    "ports": [{"port": 8000, "loopback": True, "declared": False}],
    "network_attempts": 3,
    "lookups": {"pypi.org": 2, "files.pythonhosted.org": 1},
    "building": {"attempts": 2, "lookups": {"index.test": 2}, "proxied": {"pypi.example:443": 3}},
    "engine": {"version": "20.10.24", "runtime": "runc"},
    "before": "sandbox.engine_failed: no such device",
}


def tried(market: Market, found: Any) -> Submission:
    """A submission whose trial installation ended like that."""
    waiting = market.checked(market.submit(market.draft()), model_archive=outcome_of([], facts={"has_docker_config": True}))
    market.record(trial_of(waiting), found)
    return Submission.get_by_id(waiting.id)


def trial_of(submission: Submission) -> Check:
    db.connect(reuse_if_open=True)
    return next(check for check in current_checks(submission) if check.kind == "try_install")


def silent(**told: Any) -> Outcome:
    transcript = TRANSCRIPT | told
    return Outcome(state="findings", verdict=Verdict.REJECT, why="limit", findings=[SILENT], transcript=transcript)


def search_and_follow(page: Page) -> None:
    """What moderators and authors do alike: find a line in the logs, follow a finding to its line."""
    expect(page.locator("p", has_text="pypi.org (2)")).to_contain_text("files.pythonhosted.org")
    expect(page.get_by_text("При сборке отклонены 2 попытки выйти в сеть. Запрошенные имена: index.test (2)")).to_be_visible()
    expect(page.get_by_text("Сборка обращалась через прокси к: pypi.example:443 (3)")).to_be_visible()
    expect(page.get_by_text("sha256:5b, 9 МБ, 5 слоёв")).to_be_visible()
    expect(page.get_by_text("Открытые порты: 8000 (не объявлен) (только localhost)")).to_be_visible()
    expect(page.locator(".measures", has_text="Память, пик")).to_contain_text("137")
    assert page.locator(".measures").evaluate("(it) => it.scrollWidth <= it.clientWidth")
    page.get_by_role("searchbox", name="Найти в журналах").fill("ошибка")
    expect(page.get_by_text("Найдено строк: 1")).to_be_visible()
    expect(page.get_by_text("Ошибка: нет модели")).to_be_visible()
    expect(page.get_by_text("строка 17", exact=True)).to_be_hidden()
    page.get_by_role("link", name="строка 3", exact=True).click()
    expect(page.get_by_text("CMD sleep 600")).to_be_visible()
    expect(page.locator(".meant")).to_have_text(re.compile("CMD sleep 600"))


def test_the_moderator_finds_the_cause_and_tries_again(market: Market, enter: Enter, person: Watched) -> None:
    submission = tried(market, silent())
    page = enter(market.vera, f"/staff/review/{submission.id}?left=card.description&right=try_install")
    expect(page.get_by_text("Ожидание ответа", exact=True)).to_be_visible()
    expect(page.get_by_text("не получилось")).to_be_visible()
    expect(page.get_by_text("Docker 20.10.24, runc")).to_be_visible()
    failed = "Предыдущая попытка сорвалась не по вине автора. Не выполнена: песочница отказала (no such device)."
    expect(page.get_by_text(failed)).to_be_visible()
    search_and_follow(page)
    assert person.serious() == []
    page.get_by_role("button", name="Повторить").click()
    expect(page.get_by_text("Проверка снова поставлена в очередь")).to_be_visible()
    expect(page).to_have_url(re.compile(r"left=card.description&right=try_install#check-\d+$"))
    check = trial_of(submission)
    assert check.state == "queued"
    assert Job.select().where(Job.subject == check.id, Job.finished_at.is_null()).count() == 1


def test_it_renews_itself_while_it_runs(market: Market, enter: Enter) -> None:
    submission = market.checked(market.submit(market.draft()), model_archive=outcome_of([], facts={"has_docker_config": True}))
    page = enter(market.vera, f"/staff/review/{submission.id}?left=try_install&right=checks")
    expect(page.get_by_text("в очереди").first).to_be_visible()
    check = trial_of(submission)
    record_check.started(check.id, now=NOW)
    Check.update(progress={"step": "built"}).where(Check.id == check.id).execute()
    expect(page.get_by_text("собираем образ")).to_have_count(2)  # in both panes
    Check.update(progress={"step": "page"}).where(Check.id == check.id).execute()
    expect(page.get_by_text("делаем снимок страницы")).to_have_count(2)


def test_while_it_runs_anew_and_when_it_has_run_what_one_reads_stays_in_place(market: Market, enter: Enter) -> None:
    submission = tried(market, silent())
    check = trial_of(submission)
    request_checks.rerun(check.id, person=market.vera, now=NOW)
    page = enter(market.vera, f"/staff/review/{submission.id}?left=card.description&right=try_install")
    expect(page.get_by_text("в очереди").first).to_be_visible()
    page.get_by_text("Журнал: web").click()
    page.get_by_text("Конфигурация: web/Dockerfile").click()
    log = page.locator("[data-log]", has_text="Журнал: web").locator("pre")
    log.evaluate("(it) => it.scrollTo(0, 300)")
    rule = page.locator(".finding").get_by_role("link", name="правило")
    rule.focus()
    record_check.started(check.id, now=NOW)
    Check.update(progress={"step": "built"}).where(Check.id == check.id).execute()
    expect(page.get_by_text("собираем образ")).to_be_visible()
    expect(rule).to_be_focused()
    assert log.evaluate("(it) => it.scrollTop") == 300
    lines = "\n".join(f"иначе {number}" for number in range(200))
    texts = {"Dockerfile": "FROM a\n", "compose.yaml": "services: {}\n", "web/Dockerfile": "FROM b\n"}
    market.record(
        trial_of(submission), silent(logs={"agent": "готов", "web": lines}, config={**TRANSCRIPT["config"], "texts": texts})
    )
    expect(page.get_by_text("иначе 17", exact=True)).to_be_visible()  # what was kept gives way to another result
    expect(page.get_by_text("FROM b")).to_be_visible()
    expect(page.get_by_text("FROM a")).to_be_hidden()
    expect(rule).to_be_focused()
    assert log.evaluate("(it) => it.scrollTop") == 300


def test_a_search_is_done_anew_in_another_result_and_the_focus_falls_no_further_than_the_pane(
    market: Market, enter: Enter
) -> None:
    submission = tried(market, silent())
    request_checks.rerun(trial_of(submission).id, person=market.vera, now=NOW)
    page = enter(market.vera, f"/staff/review/{submission.id}?left=card.description&right=try_install")
    page.get_by_role("searchbox", name="Найти в журналах").fill("ошибка")
    expect(page.get_by_text("Ошибка: нет модели")).to_be_visible()
    page.locator(".finding").get_by_role("link", name="правило").focus()
    market.record(
        trial_of(submission),
        Outcome(state="passed", verdict=Verdict.PASS, transcript=TRANSCRIPT | {"logs": {"web": "готов\nОшибка: нет сети"}}),
    )
    expect(page.get_by_text("Ошибка: нет сети")).to_be_visible()
    expect(page.get_by_text("готов", exact=True)).to_be_hidden()
    expect(page.get_by_text("Найдено строк: 1")).to_be_visible()
    expect(page.get_by_role("searchbox", name="Найти в журналах")).to_have_value("ошибка")
    expect(page.locator('.pane[data-side="right"] [data-pane-body]')).to_be_focused()


def test_a_lead_lets_it_pass_with_a_reason(market: Market, enter: Enter) -> None:
    submission = market.checked(market.submit(market.draft()), model_archive=outcome_of([], facts={"has_docker_config": True}))
    record_check.failed(trial_of(submission).id, why="sandbox.no_engine: MLPLACE_ENGINE", exhausted=True, now=NOW)
    page = enter(market.olga, f"/staff/review/{submission.id}?left=try_install&right=card.description")
    expect(page.get_by_text("Не выполнялась: нет песочницы (MLPLACE_ENGINE).")).to_be_visible()
    expect(page.get_by_text("проверить не удалось").first).to_be_visible()
    page.get_by_role("button", name="EN").click()
    expect(page.get_by_text("could not be checked").first).to_be_visible()
    expect(page.get_by_text("Not done: there is no sandbox (MLPLACE_ENGINE).")).to_be_visible()
    page.get_by_role("button", name="РУ").click()
    page.get_by_text("Освободить с причиной").click()
    page.get_by_role("textbox", name="Причина").fill("Запускали вручную")
    page.get_by_role("button", name="Освободить", exact=True).click()
    expect(page.get_by_text("Запускали вручную").first).to_be_visible()
    assert trial_of(submission).state == "exempt"


def test_the_author_sees_the_same_without_what_is_ours(market: Market, enter: Enter, person: Watched) -> None:
    submission = tried(market, silent())
    person.page.set_viewport_size({"width": 390, "height": 844})
    page = enter(market.anna, f"/cabinet/submissions/{submission.id}")
    page.get_by_text("Как всё прошло").click()
    search_and_follow(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.get_by_text("Docker 20.10.24")).to_have_count(0)
    expect(page.get_by_text("no such device")).to_have_count(0)
    assert person.serious() == []


def test_what_the_author_opened_and_searched_stays_while_other_checks_run(market: Market, enter: Enter) -> None:
    submission = tried(market, silent())
    Submission.update(state="checking").where(Submission.id == submission.id).execute()
    other = next(check for check in current_checks(submission) if check.slot == "instruction")
    page = enter(market.anna, f"/cabinet/submissions/{submission.id}")
    page.get_by_text("Как всё прошло").click()
    search_and_follow(page)
    record_check.started(other.id, now=NOW)
    Check.update(progress={"bytes": 1 << 20, "members": 1}).where(Check.id == other.id).execute()
    expect(page.get_by_text("прочитано 1 МБ")).to_be_visible()
    expect(page.get_by_text("Найдено строк: 1")).to_be_visible()
    expect(page.get_by_text("Ошибка: нет модели")).to_be_visible()
    expect(page.get_by_text("строка 17", exact=True)).to_be_hidden()
    expect(page.locator(".meant")).to_be_visible()
    Submission.update(state="awaiting_review").where(Submission.id == submission.id).execute()
    expect(page.locator("#progress [data-over]")).to_have_count(1)


def test_where_none_is_needed_both_are_told_why(market: Market, enter: Enter) -> None:
    submission = market.awaiting(model_archive=outcome_of([], facts={"has_docker_config": False}))
    page = enter(market.vera, f"/staff/review/{submission.id}?left=try_install&right=checks")
    expect(page.get_by_text("в архиве нет конфигурации Docker").first).to_be_visible()
    page = enter(market.anna, f"/cabinet/submissions/{submission.id}")
    expect(page.get_by_text("в архиве нет конфигурации Docker")).to_be_visible()
