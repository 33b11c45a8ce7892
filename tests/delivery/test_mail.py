"""Letters over real SMTP: whole, once, and with an answer that says whether to try again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from backoffice.delivery import catcher, mail
from backoffice.domain.errors import GiveUp, TryLater
from scripts.services import free_port
from tests.real.smtp import Server as Smtp

NOON = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LETTER = {
    "sender": "ML-Place <moderation@mlplace.example>",
    "recipient": "anna@mlplace.example",
    "subject": "Модель «Поиск дефектов» возвращена на доработку",
    "text": "Здравствуйте, Анна!\n",
    "html": "<html><p>Здравствуйте, Анна!</p></html>",
    "message_id": "<1@mlplace>",
    "written_at": NOON,
}


def test_a_letter_arrives_as_it_was_written(smtp: Smtp) -> None:
    mail.send(smtp.url, **LETTER)
    (caught,) = smtp.letters()
    assert (caught.subject, caught.recipient, caught.written_at) == (LETTER["subject"], LETTER["recipient"], NOON)
    assert "Здравствуйте, Анна!" in caught.text
    assert "<p>Здравствуйте" in caught.html
    assert catcher.message(smtp.folder, caught.id) == caught


@pytest.mark.parametrize(
    "subject",
    [
        "Модель «Сорт винограда по химическому составу вина» отправлена на модерацию",
        "Model “Weld defects” has been submitted for moderation and this line is long enough to be folded somewhere",
        "Подтвердите адрес: " + "а б в г д " * 30,
        "  два  пробела  ",
        "перенос\tстроки",
    ],
)
def test_a_long_subject_keeps_its_spaces(smtp: Smtp, subject: str) -> None:
    mail.send(smtp.url, **{**LETTER, "subject": subject})
    (caught,) = smtp.letters()
    assert caught.subject.split() == subject.split()


def test_the_same_letter_twice_is_one_letter(smtp: Smtp) -> None:
    for _ in range(2):
        mail.send(smtp.url, **LETTER)
    assert len(smtp.letters()) == 1


def test_the_newest_letter_comes_first(smtp: Smtp) -> None:
    for number in (1, 3, 2):
        mail.send(
            smtp.url,
            **{**LETTER, "message_id": f"<{number}@x>", "written_at": NOON.replace(minute=number), "subject": str(number)},
        )
    assert [letter.subject for letter in smtp.letters()] == ["3", "2", "1"]


@pytest.mark.parametrize("odd", ["../../etc/passwd", "", "нет", "0" * 23, "0" * 24])
def test_an_odd_id_finds_nothing(tmp_path: Path, odd: str) -> None:
    assert catcher.message(tmp_path, odd) is None
    assert catcher.messages(tmp_path / "never") == []


def test_a_letter_without_a_date_is_shown_all_the_same(tmp_path: Path) -> None:
    name = catcher.keep(tmp_path, b"Subject: hi\r\n\r\nbody\r\n")
    caught = catcher.message(tmp_path, name)
    assert caught is not None
    assert (caught.subject, caught.written_at.year) == ("hi", 1970)


class _Refusing:
    def __init__(self, answer: str) -> None:
        self.answer = answer

    async def handle_RCPT(self, *_: object) -> str:
        return self.answer


@pytest.fixture
def refusing(request: pytest.FixtureRequest) -> Iterator[str]:
    port = free_port(18600)
    server = Controller(_Refusing(request.param), hostname="127.0.0.1", port=port)
    server.start()
    yield f"smtp://127.0.0.1:{port}"
    server.stop()


@pytest.mark.parametrize(
    ("refusing", "outcome"), [("550 no such user", GiveUp), ("451 come back later", TryLater)], indirect=["refusing"]
)
def test_the_answer_says_whether_to_try_again(refusing: str, outcome: type[Exception]) -> None:
    with pytest.raises(outcome, match=r"no such user|come back later"):
        mail.send(refusing, **LETTER)


def test_nobody_there_is_tried_again() -> None:
    with pytest.raises(TryLater):
        mail.send(f"smtp://127.0.0.1:{free_port(18700)}", **LETTER)
