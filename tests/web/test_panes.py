"""What the panes of a review show: the outline, what changed, members of archives, the version in the catalog, rules (M3)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from backoffice.clock import utcnow
from backoffice.domain.verdicts import Verdict
from backoffice.store.checks import Check
from backoffice.store.listings import DictionaryValue, Submission, SubmissionValue
from backoffice.store.moderation import Remark
from backoffice.usecases import drafts, record_check
from backoffice.usecases.record_check import Outcome
from backoffice.web.staff import differences
from backoffice.web.wording import speak
from tests.usecases.market import HOLLOW, NOW, Market
from tests.usecases.office import again
from tests.web.conftest import SignIn, Visitor
from tests.web.test_review import base, decision

pytestmark = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


def seen(preview: dict[str, Any]) -> Outcome:
    """A scan without findings that made this preview."""
    return Outcome(state="passed", verdict=Verdict.PASS, preview=preview)


def table(rows: int, **types: str) -> Outcome:
    columns = [{"name": name, "type": kind} for name, kind in types.items()]
    return seen({"kind": "table", "columns": columns, "rows": [], "total_rows": rows, "total_columns": len(columns)})


def archive(*members: str, counted: str = "sha256", total: int = 0, **sums: str) -> Outcome:
    """``sums``: the first digits of each member's sum; ``total``: how many members there are if not all are listed."""
    entries = [{"name": name, "size": 2048, counted: digits.ljust(64, "0")} for name, digits in sums.items()]
    inside = [{"name": name, "preview": {"kind": "text", "text": f"внутри {name}"}} for name in members]
    return seen({"kind": "tree", "entries": entries, "total": total or len(entries), "members": inside})


def next_round(market: Market, before: Submission, description: str, **found: Outcome) -> Submission:
    """The author's next version: other words, other files, another industry."""
    draft = drafts.renew(before.id, author=market.anna, now=utcnow())
    values = [
        DictionaryValue.select().where(DictionaryValue.kind == kind).order_by(DictionaryValue.id.desc()).first().id
        for kind in ("industry", "technology", "effect")
    ]
    card = {name: getattr(before, name) for name in ("title", "characteristics", "requirements")}
    now = utcnow()
    drafts.save(
        draft.id,
        author=market.anna,
        revision=draft.revision,
        card={**card, "description": description},
        value_ids=values,
        now=now,
    )
    for slot in found:
        market.attach(draft, slot, f"{slot} {description}")
    return market.checked(market.submit(Submission.get_by_id(draft.id)), **found)


def pane(visitor: Visitor, submission: Submission, name: str) -> str:
    return visitor.page(f"{base(submission)}/pane/{name}")


def choices(page: str) -> list[str]:
    return re.findall(r'<option value="([^"]+)"', page[: page.index('data-side="right"')])


def test_a_first_submission_begins_with_its_outline(market: Market, sign_in: SignIn) -> None:
    waiting = market.awaiting(data_example=table(1200, ток="double", время="timestamp"))
    page = sign_in(market.vera).page(base(waiting))
    assert 'data-left="outline"' in page
    assert "Находит дефекты на снимках деталей" in page
    assert "35 знаков" in page
    assert re.search(r"Строк: 1\s200", page)
    assert "diff" not in choices(page)


def test_a_resubmission_begins_with_what_changed_in_words_values_schema_shape_and_members(
    market: Market, sign_in: SignIn
) -> None:
    first = market.awaiting(data_example=table(10, ток="double"), model_archive=archive(a="11aa", b="22bb"))
    market.decide(first, "return", market.vera)
    second = next_round(
        market,
        first,
        "Находит трещины на снимках деталей.",
        data_example=table(12, ток="float", время="timestamp"),
        model_archive=archive(a="11aa", b="33cc", c="44dd"),
    )
    page = sign_in(market.vera).page(base(second))
    assert 'data-left="diff"' in page
    text = pane(sign_in(market.vera), second, "diff")
    assert re.search(r"<del[^>]*>дефекты\s*</del><ins[^>]*>трещины\s*</ins>", text)
    was = SubmissionValue.select().where(SubmissionValue.submission == first).first().value.ru
    assert f"<del>{was}</del>" in text
    assert text.count("<ins>Другое</ins>") == 3  # in each of three dictionaries
    assert re.search(r"Строк <del>10</del> <ins>12</ins>", text)
    assert re.search(r"ток <del>double</del> <ins>float</ins>", text)
    assert "+ время timestamp" in text
    sums = r"b <del>2 КБ · 22bb00000000…</del> <ins>2 КБ · 33cc00000000…</ins>"
    assert re.search(sums, text.replace("\N{NO-BREAK SPACE}", " "))
    assert "сравнены по SHA-256" in text
    assert "тот же файл" in text


def test_members_are_compared_by_what_both_checks_counted_and_as_far_as_both_lists_go(market: Market, sign_in: SignIn) -> None:
    first = market.awaiting(data_example=archive(counted="crc", a="1"), model_archive=archive(a="1", b="2", total=3))
    market.decide(first, "return", market.vera)
    found = {"data_example": archive(a="2"), "model_archive": archive(a="2", b="2", c="3")}
    text = pane(sign_in(market.vera), next_round(market, first, "Другое", **found), "diff")
    data, model = text[text.index("Пример формата") : text.index("Инструкция")], text[text.index("Архив с моделью") :]
    assert "изменено 0" in data
    assert "сравнены по размеру" in data
    assert "~ a" in model
    assert "+ c" not in model  # it may have been the third, which was not listed
    assert "есть в обоих списках" in model


def test_what_differs_by_less_than_is_shown_is_shown_exactly(market: Market, sign_in: SignIn) -> None:
    """Without sums a member is compared by its size, which people read rounded."""

    def tree(size: int) -> Outcome:
        return seen({"kind": "tree", "entries": [{"name": "a", "size": size}], "total": 1})

    def sound(seconds: float) -> Outcome:
        return seen({"kind": "audio", "seconds": seconds, "rate": 8000, "channels": 1})

    first = market.awaiting(data_example=sound(90), model_archive=tree(2_000_000))
    market.decide(first, "return", market.vera)
    second = next_round(market, first, "Другое", data_example=sound(95.5), model_archive=tree(2_000_001))
    text = re.sub(r"\s", " ", pane(sign_in(market.vera), second, "diff"))
    assert "~ a <del>1,9 МБ (2 000 000)</del> <ins>1,9 МБ (2 000 001)</ins>" in text
    assert "~ Длительность <del>1 мин (90)</del> <ins>1 мин (95,5)</ins>" in text


def test_a_member_of_an_archive_is_a_pane_of_its_own(market: Market, sign_in: SignIn) -> None:
    waiting = market.awaiting(model_archive=archive("папка/ПРОЧТИ.md", "b.txt", b="1"))
    vera = sign_in(market.vera)
    name = "member.model_archive.папка/ПРОЧТИ.md"
    assert name in choices(vera.page(base(waiting)))
    assert '<iframe class="preview"' in pane(vera, waiting, name)
    assert vera.get(f"{base(waiting)}/pane/member.model_archive.нет.md").status_code == 404


def test_of_the_version_before_the_reports_and_the_classification_can_stand_beside_todays(
    market: Market, sign_in: SignIn
) -> None:
    first = market.awaiting(data_example=[HOLLOW])
    market.decide(first, "return", market.vera)
    second = next_round(market, first, "Другое", data_example=table(5, ток="double"))
    vera = sign_in(market.vera)
    assert "csv.no_header" in pane(vera, second, "was.checks")
    assert "csv.no_header" not in pane(vera, second, "checks")
    assert [("/rerun" in pane(vera, second, name)) for name in ("was.checks", "checks")] == [False, True]
    was, now = ({link.value.ru for link in one.values} for one in (first, second))
    assert was != now
    for name, values in (("was.card.classification", was), ("card.classification", now)):
        assert all(value in pane(vera, second, name) for value in values)


def test_the_version_in_the_catalog_stands_beside_one_that_was_returned_since(market: Market, sign_in: SignIn) -> None:
    first = market.awaiting()
    market.decide(first, "publish", market.vera)
    second = next_round(market, first, "Вторая")
    market.decide(second, "return", market.vera)
    third = next_round(market, second, "Третья")
    vera = sign_in(market.vera)
    names = choices(vera.page(base(third)))
    assert {"was.card.description", "live.card.description", "live.file.model_archive"} <= set(names)
    assert "Вторая" in pane(vera, third, "was.card.description")
    assert "Находит дефекты" in pane(vera, third, "live.card.description")
    assert "live.card.description" not in choices(vera.page(base(second)))  # it is the version before: shown once


def test_the_rule_of_what_was_found_is_a_pane_and_so_is_the_checklist(market: Market, sign_in: SignIn) -> None:
    waiting, vera = market.awaiting(data_example=[HOLLOW]), sign_in(market.vera)
    assert "rule.csv.no_header" in choices(vera.page(base(waiting)))
    assert "Как исправить" in pane(vera, waiting, "rule.csv.no_header")
    assert 'data-open-pane="rule.csv.no_header"' in pane(vera, waiting, "checks")
    assert vera.get(f"{base(waiting)}/pane/rule.zip.bomb").status_code == 404
    assert 'name="pane-p-description.purpose"' in pane(vera, waiting, "checklist")


def test_the_author_pane_has_everything_they_ever_sent(market: Market, sign_in: SignIn) -> None:
    other, waiting = market.awaiting(), market.awaiting()
    market.decide(other, "reject", market.gleb, message="чужая модель")
    text = pane(sign_in(market.vera), waiting, "author")
    assert f"№ {other.id}" in text
    assert "Отклонена" in text


def test_a_check_tells_which_try_failed_and_how_old_the_signatures_are(market: Market, sign_in: SignIn) -> None:
    waiting = market.awaiting()
    failed_one, done = record_check.current_checks(waiting)[:2]
    record_check.failed(failed_one.id, why="no clamd", exhausted=False, tried=(2, 5), now=NOW)
    clamd = {"name": "clamd", "version": "1.4.3/27456", "seconds": 0.5, "database_built_at": "2026-11-20T09:00:00+00:00"}
    Check.update(tools=[clamd | {"bundled_only": False}]).where(Check.id == done.id).execute()
    text = pane(sign_in(market.vera), waiting, "checks")
    assert "попытка 2 из 5" in text
    assert "сигнатуры от 20 ноября 2026" in text
    Check.update(tools=[clamd | {"bundled_only": True}]).where(Check.id == done.id).execute()
    assert "только тестовые сигнатуры" in pane(sign_in(market.vera), waiting, "checks")


def test_every_pane_that_is_offered_can_be_shown(market: Market, sign_in: SignIn) -> None:
    first = market.awaiting(data_example=[HOLLOW], model_archive=archive("a.txt", a="1"))
    market.decide(first, "return", market.vera)
    second = next_round(market, first, "Другая", data_example=table(3, a="text"))
    vera = sign_in(market.vera)
    for name in choices(vera.page(base(second))):
        assert pane(vera, second, name).strip(), name


def test_what_became_of_old_remarks_is_kept_with_the_decision(market: Market, sign_in: SignIn) -> None:
    first = market.awaiting()
    market.decide(first, "return", market.vera)
    old = Remark.get()
    second = next_round(market, first, "Другая")
    vera = sign_in(market.vera)
    assert f'data-old="{old.id}"' in vera.page(base(second))
    vera.post(f"{base(second)}/take")
    carried = {"text": old.text, "level": "requirement", "slot": "data_example", "carried_from": old.id}
    vera.post(f"{base(second)}/decide", json=decision(vera, second, "return", remarks=[carried], old={str(old.id): "fixed"}))
    assert Remark.get_by_id(old.id).outcome == "not_fixed"  # it was carried over: that says more
    third = next_round(market, again(second), "Третья")
    later = Remark.get(Remark.submission == second)
    vera.post(f"{base(third)}/take")
    vera.post(f"{base(third)}/decide", json=decision(vera, third, "publish", old={str(later.id): "fixed", "1": "burnt"}))
    assert (later.carried_from_id, Remark.get_by_id(later.id).outcome) == (old.id, "fixed")
    assert Remark.get_by_id(old.id).outcome == "not_fixed"


def test_a_word_that_never_changes_is_in_the_language_of_whoever_reads(app: Flask) -> None:
    """Jinja compiles a page for its first reader: what it takes for a constant then stays in that reader's language."""
    badge, told = app.jinja_env.from_string('{{ "reject"|word("verdict") }}'), []
    for spoken in ("ru", "en"):
        with app.test_request_context():
            speak(spoken)
            told.append(badge.render())
    assert told == ["нарушено требование", "rejecting finding"]


KINDS: list[tuple[dict[str, Any], list[str], list[str]]] = [
    (
        {"kind": "table", "columns": [{"name": "ток", "type": "integer"}], "total_rows": 1200, "total_columns": 1},
        ["Что внутри: таблица", "Строк: 1 200", "Столбцов: 1", "ток: целое"],
        ["Kind of content: table", "Rows: 1,200", "Columns in all: 1", "ток: whole number"],
    ),
    (
        {
            "kind": "tree",
            "entries": [{"name": "a", "size": 1536, "flags": ["link", "encrypted"]}, {"name": "b", "type": "group"}],
            "total": 2,
            "bytes": 5 << 20,
        },
        ["Что внутри: список вложенного", "Записей: 2", "После распаковки: 5 МБ", "a: 1,5 КБ · ссылка, под паролем", "b: группа"],
        ["Kind of content: tree of entries", "Entries: 2", "Unpacked: 5 MB", "a: 1.5 KB · link, under a password", "b: group"],
    ),
    (
        {"kind": "audio", "seconds": 90.5, "rate": 44100, "channels": 2, "codec": "PCM_16"},
        ["Что внутри: звук", "Длительность: 1 мин", "Частота: 44 100 Гц", "Каналов: 2", "Кодек: PCM_16"],
        ["Kind of content: sound", "Length: 1 min", "Rate: 44,100 Hz", "Channels: 2", "Codec: PCM_16"],
    ),
    (
        {"kind": "video", "width": 64, "height": 48, "seconds": 2, "rate": 12.5},
        ["Что внутри: видео", "Ширина: 64", "Высота: 48", "Длительность: 2 с", "Частота: 12,5 в секунду"],
        ["Kind of content: video", "Width: 64", "Height: 48", "Length: 2 s", "Rate: 12.5 a second"],
    ),
    (
        {"kind": "binary", "summary": [["⟦Вид|kind⟧", "⟦программа|program⟧"], ["⟦После конца|after the end⟧", "⟦2048⟧"]]},
        ["Что внутри: программа", "Вид: программа", "После конца: 2 КБ"],
        ["Kind of content: program", "kind: program", "after the end: 2 KB"],
    ),
]


@pytest.mark.parametrize(("preview", "russian", "english"), KINDS, ids=[row[0]["kind"] for row in KINDS])
def test_what_differs_in_a_file_is_told_in_the_readers_words(
    app: Flask, preview: dict[str, Any], russian: list[str], english: list[str]
) -> None:
    for language, expected in (("ru", russian), ("en", english)):
        with app.test_request_context():
            speak(language)
            told = [f"{name}: {value.partition(chr(0))[0]}" for name, value in differences.traits(preview, "size").items()]
        assert [re.sub(r"\s", " ", line) for line in told] == expected
