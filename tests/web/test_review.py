"""The review page's endpoints: taking, keeping what is typed, deciding, and what must never happen (M2, M3, M8)."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from backoffice.clock import utcnow
from backoffice.delivery import mail
from backoffice.store.audit import Audit
from backoffice.store.base import db
from backoffice.store.checks import Check
from backoffice.store.listings import Submission
from backoffice.store.moderation import Decision, InAppNotice, InternalNote, Remark, ReviewDraft
from backoffice.store.outbox import HookCall, Mail
from tests.real.smtp import Server
from tests.store.test_queues import counted
from tests.usecases.market import VIRUS, Market
from tests.usecases.office import again
from tests.web.conftest import SignIn, Visitor

JSON = {"Accept": "application/json"}
REMARK = {"text": "Добавьте заголовки столбцов.", "level": "requirement", "slot": "data_example"}


def base(submission: Submission) -> str:
    return f"/staff/review/{submission.id}"


def shown(page: str) -> dict[str, Any]:
    """The data of the page's script."""
    found = re.search(r'id="review-data"[^>]*>(.*?)</script>', page, re.S)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def decision(visitor: Visitor, submission: Submission, kind: str, **more: Any) -> dict[str, Any]:
    """What the page sends: what it showed, and the token of the claim."""
    data = shown(visitor.page(base(submission)))
    pinned = {name: data[name] for name in ("pinned_artifacts", "pinned_checks")}
    return {"kind": kind, "token": again(submission).claim_token or "", **pinned, **more}


def test_taking_is_for_one(market: Market, sign_in: SignIn) -> None:
    waiting = market.awaiting()
    vera, gleb = sign_in(market.vera), sign_in(market.gleb)
    assert vera.post(f"{base(waiting)}/take").location == base(waiting)
    assert "Вера" in gleb.post(f"{base(waiting)}/take", follow_redirects=True).text
    assert again(waiting).claimant_id == market.vera.id
    assert 'data-held="1"' in vera.page(base(waiting))
    assert 'data-held="0"' in gleb.page(base(waiting))


def test_looking_takes_nothing(market: Market, sign_in: SignIn) -> None:
    waiting = market.awaiting()
    sign_in(market.vera).page(base(waiting))
    assert again(waiting).claimant is None


def test_the_record_keeps_apart_what_the_machine_answered(market: Market, sign_in: SignIn) -> None:
    waiting, vera = market.awaiting(), sign_in(market.vera)
    vera.post(f"{base(waiting)}/take")
    assert 'data-point="description.length" data-machine="yes"' in vera.page(base(waiting))
    own = {"description.purpose": "no", "classification.fits": "yes"}
    machine = {"description.purpose": "yes", "description.length": "yes", "archive.runs": "perhaps"}
    vera.post(f"{base(waiting)}/decide", json=decision(vera, waiting, "publish", checklist=own, machine_answers=machine))
    made = Decision.get()
    assert (made.checklist, made.machine_answers) == (own, {"description.length": "yes"})
    page = vera.page(base(waiting))
    assert shown(page)["draft"]["checklist"] == own
    points = dict(re.findall(r'data-point="([^"]+)" data-machine="(\w*)"[^>]* disabled', page))
    assert {point: answer for point, answer in points.items() if answer} == {"description.length": "yes"}


def test_the_page_of_a_decided_submission_shows_what_was_sent(market: Market, sign_in: SignIn) -> None:
    waiting, vera = market.awaiting(), sign_in(market.vera)
    vera.post(f"{base(waiting)}/take")
    vera.post(f"{base(waiting)}/decide", json=decision(vera, waiting, "return", remarks=[REMARK], message="Почти готово."))
    sent = shown(sign_in(market.gleb).page(base(waiting)))
    assert sent["closed"]
    assert sent["draft"]["message"] == "Почти готово."
    assert [remark["text"] for remark in sent["draft"]["remarks"]] == [REMARK["text"]]


def test_what_is_typed_is_kept_and_an_older_window_overwrites_nothing(market: Market, sign_in: SignIn) -> None:
    waiting, vera = market.awaiting(), sign_in(market.vera)
    first = vera.put(f"{base(waiting)}/draft", json={"revision": 0, "data": {"remarks": [REMARK]}})
    assert first.json
    assert first.json["revision"] == 1
    assert first.json["blocked"]["return"] == []
    older = vera.put(f"{base(waiting)}/draft", json={"revision": 0, "data": {"message": "старое окно"}}, headers=JSON)
    assert older.status_code == 409
    assert shown(vera.page(base(waiting)))["draft"]["remarks"][0]["text"] == REMARK["text"]


@pytest.mark.parametrize(
    "data", [{"remarks": "нет"}, {"remarks": [7]}, {"checklist": []}, {"kind": "burn"}, {"pinned_checks": 1}]
)
def test_nonsense_is_refused_with_words(market: Market, sign_in: SignIn, data: dict[str, Any]) -> None:
    answer = sign_in(market.vera).put(f"{base(market.awaiting())}/draft", json={"revision": 0, "data": data}, headers=JSON)
    assert answer.status_code == 409
    assert answer.json
    assert answer.json["reason"] == "malformed"


def test_a_return_is_sent_as_it_was_previewed(market: Market, sign_in: SignIn) -> None:
    waiting, vera = market.awaiting(), sign_in(market.vera)
    vera.post(f"{base(waiting)}/take")
    body = decision(vera, waiting, "return", remarks=[REMARK], message="Почти готово.")
    preview = vera.post(f"{base(waiting)}/preview", json=body).json
    answer = vera.post(f"{base(waiting)}/decide", json=body)
    assert answer.json == {"next": "/staff/queue/"}
    letter = Mail.get(Mail.event == "returned")
    assert preview
    assert (letter.subject, letter.text, letter.html) == (preview["subject"], preview["text"], preview["html"])
    assert again(waiting).state == "returned"
    assert Remark.get().text == REMARK["text"]
    assert ReviewDraft.select().count() == 0


NASTY = [
    "Добавьте заголовки столбцов — «как есть», 5 ≤ 6 & <b>не</b> жирным.",
    "From: начало строки\n.\n..две точки\n  отступ и пробелы в конце   \nпосле возврата\rкаретки\r\nи конца",
    "очень длинная строка без конца " * 60,
    "emoji 🙂, составной é, знак \u2028 внутри, таб\t.",
]


def test_what_arrives_over_smtp_is_the_preview_byte_for_byte(market: Market, sign_in: SignIn, smtp: Server) -> None:
    waiting, vera = market.awaiting(), sign_in(market.vera)
    vera.post(f"{base(waiting)}/take")
    levels = ("requirement", "guideline", "suggestion", "note")
    place = {"member": "<b>папка</b>/a.csv", "place": "строка 3"}
    remarks = [{**REMARK, **place, "text": text, "level": level} for text, level in zip(NASTY, levels, strict=True)]
    body = decision(vera, waiting, "return", remarks=remarks, message="Почти готово.\nСпасибо!")
    preview = vera.post(f"{base(waiting)}/preview", json=body).json
    vera.put(f"{base(waiting)}/draft", json={"revision": 0, "data": body})
    framed = vera.get(f"{base(waiting)}/letter/return").get_data()
    vera.post(f"{base(waiting)}/decide", json=body)
    row = Mail.get(Mail.event == "returned")
    content = {name: getattr(row, name) for name in ("recipient", "subject", "text", "html", "message_id")}
    mail.send(smtp.url, sender="ML-Place <moderation@mlplace.example>", written_at=row.created_at, **content)
    (arrived,) = smtp.letters()
    assert preview
    assert arrived.subject == preview["subject"]
    assert arrived.text.encode() == preview["text"].encode()
    assert arrived.html.encode() == preview["html"].encode() == framed
    assert "1. Пример формата данных · <b>папка</b>/a.csv · строка 3\n" in arrived.text
    assert "<strong>Пример формата данных · &lt;b&gt;папка&lt;/b&gt;/a.csv · строка 3</strong>" in arrived.html
    assert all(line.strip() in arrived.text for text in NASTY for line in text.replace("\r", "\n").split("\n"))


def test_stale_pins_are_refused_and_nothing_is_lost(market: Market, sign_in: SignIn) -> None:
    waiting, vera = market.awaiting(), sign_in(market.vera)
    vera.post(f"{base(waiting)}/take")
    body = decision(vera, waiting, "publish")
    vera.put(f"{base(waiting)}/draft", json={"revision": 0, "data": {"message": "моё"}})
    Check.update(version="scan-2").execute()
    answer = vera.post(f"{base(waiting)}/decide", json=body, headers=JSON)
    assert answer.status_code == 409
    assert answer.json
    assert answer.json["reason"] == "looked_at_has_changed"
    assert (again(waiting).state, Decision.select().count(), HookCall.select().count()) == ("awaiting_review", 0, 0)
    assert shown(vera.page(base(waiting)))["draft"]["message"] == "моё"
    assert vera.post(f"{base(waiting)}/decide", json=decision(vera, waiting, "publish")).status_code == 200


def test_without_the_claim_there_is_no_decision(market: Market, sign_in: SignIn) -> None:
    waiting, vera, gleb = market.awaiting(), sign_in(market.vera), sign_in(market.gleb)
    assert vera.post(f"{base(waiting)}/decide", json=decision(vera, waiting, "publish"), headers=JSON).status_code == 409
    vera.post(f"{base(waiting)}/take")
    stolen = decision(gleb, waiting, "publish")
    assert gleb.post(f"{base(waiting)}/decide", json=stolen, headers=JSON).status_code == 409
    Submission.update(claim_expires_at=utcnow() - timedelta(minutes=1)).execute()
    gleb.post(f"{base(waiting)}/take")
    late = vera.post(f"{base(waiting)}/decide", json={**stolen}, headers=JSON)
    assert late.status_code == 409
    assert Decision.select().count() == 0


def test_what_blocks_a_publication_stands_there_and_holds(market: Market, sign_in: SignIn) -> None:
    infected, vera = market.awaiting(model_archive=[VIRUS]), sign_in(market.vera)
    vera.post(f"{base(infected)}/take")
    blocked = shown(vera.page(base(infected)))["blocked"]
    assert [row["reason"] for row in blocked["publish"]] == ["quarantined"]
    assert all(row["words"] for rows in blocked.values() for row in rows)
    answer = vera.post(f"{base(infected)}/decide", json=decision(vera, infected, "publish"), headers=JSON)
    assert answer.status_code == 409
    assert vera.get(f"{base(infected)}/files/model_archive").status_code == 404
    assert vera.get(f"{base(infected)}/files/instruction").headers["Content-Disposition"].startswith("attachment")
    nothing = vera.post(f"{base(infected)}/decide", json=decision(vera, infected, "return"), headers=JSON)
    assert nothing.status_code == 409
    assert again(infected).state == "awaiting_review"


def test_an_open_gap_of_a_template_is_not_sent(market: Market, sign_in: SignIn) -> None:
    waiting, vera = market.awaiting(), sign_in(market.vera)
    vera.post(f"{base(waiting)}/take")
    body = decision(vera, waiting, "return", remarks=[{**REMARK, "text": "Опишите {what}."}])
    answer = vera.post(f"{base(waiting)}/decide", json=body, headers=JSON)
    assert answer.status_code == 409
    assert answer.json
    assert "what" in answer.json["words"]


def test_a_note_reaches_colleagues_and_never_a_letter(market: Market, sign_in: SignIn) -> None:
    waiting, vera = market.awaiting(), sign_in(market.vera)
    vera.post(f"{base(waiting)}/note", data={"text": "@Глеб, СЕКРЕТНО: похоже на копию"})
    assert InternalNote.get().mentions == [market.gleb.id]
    assert InAppNotice.get().person_id == market.gleb.id
    assert "СЕКРЕТНО" in sign_in(market.gleb).page(base(waiting))
    vera.post(f"{base(waiting)}/take")
    vera.post(f"{base(waiting)}/decide", json=decision(vera, waiting, "return", remarks=[REMARK]))
    for letter in Mail.select():
        assert "СЕКРЕТНО" not in letter.subject + letter.text + letter.html
    assert "СЕКРЕТНО" not in sign_in(market.anna).page(f"/cabinet/submissions/{waiting.id}")


def test_skipping_and_handing_over(market: Market, sign_in: SignIn) -> None:
    first, second = market.awaiting(), market.awaiting()
    vera = sign_in(market.vera)
    assert vera.post("/staff/review/next").location == base(first)
    assert vera.post(f"{base(first)}/skip", data={"reason": "нужен знаток речи"}).location == base(second)
    assert again(first).claimant is None
    vera.post(f"{base(second)}/hand-over", data={"to": market.gleb.id, "note": "твоя область"})
    assert (again(second).assignee_id, again(second).claimant) == (market.gleb.id, None)
    assert "нужен знаток речи" in vera.page(base(first))
    told = [(row.action, row.data.get("to"), row.data.get("note")) for row in Audit.select().where(Audit.submission == second)]
    assert told[-1] == ("handed_over", market.gleb.id, "твоя область")
    story = vera.page(f"{base(second)}/pane/history")
    assert "Передана коллеге: Глеб" in story
    assert "твоя область" in story
    assert InAppNotice.get(InAppNotice.person == market.gleb).params["note"] == "твоя область"


def test_what_is_assigned_to_a_colleague_already_can_still_be_handed_back(market: Market, sign_in: SignIn) -> None:
    waiting, vera = market.awaiting(), sign_in(market.vera)
    sign_in(market.olga).post(f"{base(waiting)}/hand-over", data={"to": market.gleb.id})
    Submission.update(assignee=market.gleb).execute()
    vera.post(f"{base(waiting)}/take")
    vera.post(f"{base(waiting)}/hand-over", data={"to": market.gleb.id, "note": "вернула"})
    assert (again(waiting).assignee_id, again(waiting).claimant) == (market.gleb.id, None)


def test_nobody_reviews_the_work_of_their_own_organisation(market: Market, sign_in: SignIn) -> None:
    kin = market.person("Роман", "moderator", team="Зоркий")
    waiting = market.awaiting()
    visitor = sign_in(kin)
    assert "не может" in visitor.post(f"{base(waiting)}/take", follow_redirects=True).text
    assert again(waiting).claimant is None


def test_the_page_asks_the_database_as_often_whatever_the_number_of_findings(market: Market, sign_in: SignIn) -> None:
    few, many = market.awaiting(data_example=[VIRUS]), market.awaiting(data_example=[VIRUS] * 60)
    vera, numbers = sign_in(market.vera), []
    for submission in (few, few, many):
        with counted(db.obj) as seen:
            vera.page(base(submission), left="checks", right="history")
        numbers.append(len(seen))
    assert numbers[1] == numbers[2], numbers
    assert numbers[1] < 35, numbers


def test_what_the_page_asks_all_day_costs_few_statements_and_reads_nothing_long(market: Market, sign_in: SignIn) -> None:
    waiting, vera = market.awaiting(), sign_in(market.vera)
    vera.post(f"{base(waiting)}/take")
    asked = {
        "state": lambda: vera.get(f"{base(waiting)}/state"),
        "keep": lambda: vera.post(f"{base(waiting)}/keep", json={"token": again(waiting).claim_token}),
        "draft": lambda: vera.put(f"{base(waiting)}/draft", json={"revision": 0, "data": {"message": "Подумаю"}}),
    }
    for name, most in {"state": 3, "keep": 3, "draft": 9}.items():
        with counted(db.obj) as seen:
            assert asked[name]().status_code == 200
        assert len(seen) <= most, (name, seen)
        assert not [statement for statement in seen if "transcript" in statement], name
