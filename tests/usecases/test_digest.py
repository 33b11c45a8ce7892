"""The morning: the lead's letter, the author who has gone quiet, the archive."""

from __future__ import annotations

import pytest

from backoffice.domain.errors import Lost, Refused
from backoffice.store.moderation import Decision
from backoffice.store.outbox import Mail
from backoffice.usecases import digest, mail
from tests.usecases.office import HOUR, MONDAY, Office, again, at

FRIDAY_MORNING = at("2026-11-27 09:05")


def test_the_lead_gets_one_digest_on_a_business_day(office: Office) -> None:
    office.submission("Просроченная")
    office.submission("На сегодня", submitted_at=at("2026-11-24 15:00"))
    done = office.submission(
        "Вчерашняя", submitted_at=at("2026-11-20 12:00"), state="published", decided_at=at("2026-11-26 12:00")
    )
    kind = {"moderator": office.vera, "kind": "publish", "made_at": at("2026-11-26 12:00"), "artifacts": {}, "checks": {}}
    Decision.create(submission=done, **kind)
    assert digest.send_digest(now=at("2026-11-27 08:59")) == 0
    assert digest.send_digest(now=FRIDAY_MORNING) == 1
    assert digest.send_digest(now=FRIDAY_MORNING + HOUR) == 0
    letter = Mail.get()
    assert letter.recipient == office.lida.email
    assert "Просрочено: 1" in letter.text and "Срок сегодня: 1" in letter.text
    assert "Опубликовано: 1" in letter.text and "Решено с опозданием: 1" in letter.text
    assert "26 ноября 2026" in letter.text and letter.text.index("Просроченная") < letter.text.index("На сегодня")


@pytest.mark.parametrize("day_off", ["2026-11-28 10:00", "2026-11-04 10:00"])
def test_there_is_no_digest_on_a_day_off(office: Office, day_off: str) -> None:
    assert digest.send_digest(now=at(day_off)) == 0


def test_an_author_who_does_not_answer_is_reminded_once(office: Office) -> None:
    quiet = office.submission(state="returned", decided_at=MONDAY, updated_at=MONDAY)
    answered = office.submission(state="returned", decided_at=MONDAY, updated_at=MONDAY)
    office.submission(listing=answered.listing, number=2)
    assert digest.remind_authors(now=at("2026-11-30 11:59")) == 0
    assert digest.remind_authors(now=at("2026-11-30 12:00")) == 1
    assert digest.remind_authors(now=at("2026-12-01 12:00")) == 0
    letter = Mail.get()
    assert (letter.submission_id, letter.recipient) == (quiet.id, office.anna.email)
    assert "23 ноября 2026" in letter.text and "в архив" in letter.text


def test_what_never_comes_back_goes_to_the_archive_and_can_be_taken_out(office: Office) -> None:
    quiet = office.submission(state="returned", decided_at=MONDAY, updated_at=MONDAY)
    assert digest.archive_forgotten(now=at("2027-02-01 12:00")) == 0
    late = at("2027-03-10 12:00")
    assert digest.archive_forgotten(now=late) == 1
    assert digest.archive_forgotten(now=late) == 0
    with pytest.raises(Refused, match="not_a_lead"):
        digest.unarchive(quiet.id, by=office.vera, now=late)
    digest.unarchive(quiet.id, by=office.lida, now=late)
    assert again(quiet).archived_at is None
    assert digest.archive_forgotten(now=late + HOUR) == 0
    with pytest.raises(Lost):
        digest.unarchive(quiet.id, by=office.lida, now=late)


def test_a_provisional_deadline_says_so_in_letters(office: Office) -> None:
    new_year = at("2027-12-30 12:00")
    submission = office.submission(submitted_at=new_year, assignee=office.vera)
    assert again(submission).deadline_provisional
    letter = mail.to_author("received", again(submission), now=new_year, deadline=again(submission).deadline_at)
    assert "предварительн" in letter.text.lower() and "предварительн" in letter.html.lower()
    usual = mail.to_author("received", office.submission(), now=MONDAY, deadline=MONDAY)
    assert "предварительн" not in usual.text.lower()
