"""The machine's part of the checklist, and canned remarks."""

from __future__ import annotations

import pytest

from backoffice import canned
from backoffice.domain.checklist import Evidence, Facts, FileFacts, Point, evidence
from backoffice.domain.remark_templates import Template, fill, fits, newest, unfilled

POINTS = {point.id: point for point in canned.checklist()}


def seen(point: str, *, card: dict[str, str] | None = None, **files: FileFacts) -> Evidence | None:
    return evidence(POINTS[point], Facts(card or {}, files))


def test_a_gpu_that_is_mentioned_is_quoted() -> None:
    answer = seen("characteristics.cpu_gpu", card={"characteristics": "Нужна видеокарта с 8 ГБ памяти."})
    assert answer == Evidence("yes", "mentioned", "видеокарта")


def test_a_text_without_any_of_the_words_is_a_no() -> None:
    assert seen("characteristics.cpu_gpu", card={"characteristics": "Всё хорошо."}) == Evidence("no", "not_mentioned")


@pytest.mark.parametrize(("length", "answer"), [(2000, "yes"), (2001, "no")])
def test_the_length_of_a_description_is_counted_with_spaces(length: int, answer: str) -> None:
    found = seen("description.length", card={"description": "я " * (length // 2) + "я" * (length % 2)})
    assert found == Evidence(answer, "length", str(length))


def test_a_finding_of_source_code_is_a_no_and_nothing_seen_is_no_answer() -> None:
    sources = seen("archive.no_sources", model_archive=FileFacts(".zip", ["archive.source_code"], seen=True))
    assert sources == Evidence("no", "finding", "archive.source_code")
    assert seen("archive.no_sources", model_archive=FileFacts(".zip", [], seen=False)) is None
    clean = seen("archive.no_sources", model_archive=FileFacts(".zip", [], seen=True))
    assert clean == Evidence("yes", "no_finding")


def test_the_format_of_the_example_must_be_named() -> None:
    data = FileFacts(".parquet")
    named = seen("characteristics.formats", card={"characteristics": "Принимает .parquet"}, data_example=data)
    assert named == Evidence("yes", "format_named", ".parquet")
    other = seen("characteristics.formats", card={"characteristics": "Принимает .csv"}, data_example=data)
    assert other == Evidence("no", "format_not_named", ".parquet")


def test_a_format_inside_an_archive_counts_as_named() -> None:
    data = FileFacts(".zip", inside=(".jpeg", ".png"))
    assert seen("characteristics.formats", card={"characteristics": "Снимки PNG"}, data_example=data) == Evidence(
        "yes", "format_named", ".png"
    )
    assert seen("characteristics.formats", card={"characteristics": "Снимки"}, data_example=data) == Evidence(
        "no", "format_not_named", ".zip, .jpeg, .png"
    )


@pytest.mark.parametrize(
    ("text", "holds", "answer"),
    [
        ("В архиве библиотека .dll", {"compiled": "weld.dll"}, Evidence("yes", "declared_and_found", "weld.dll")),
        (".dll внутри образа Docker", {"docker": "Dockerfile"}, Evidence("yes", "declared_and_found", "Dockerfile")),
        ("В архиве .dll", {}, Evidence("no", "declared_not_found", ".dll")),
        ("Всё есть", {"docker": "Dockerfile"}, Evidence("no", "found_not_declared", "Dockerfile")),
        ("Всё есть", {}, Evidence("no", "not_mentioned")),
        ("В архиве .dll", None, Evidence("yes", "mentioned", "dll")),
    ],
)
def test_what_the_archive_holds_is_compared_with_what_the_card_declares(
    text: str, holds: dict[str, str] | None, answer: Evidence
) -> None:
    archive = FileFacts(".zip", holds=holds)
    assert seen("characteristics.archive", card={"characteristics": text}, model_archive=archive) == answer


def test_a_licence_is_looked_for_in_the_text_of_the_terms_as_far_as_it_was_read() -> None:
    assert seen("terms.licence", terms_of_use=FileFacts(".md", text="Лицензия: можно всё")) == Evidence(
        "yes", "mentioned", "лицензия"
    )
    silent = "Спасибо за внимание"
    assert seen("terms.licence", terms_of_use=FileFacts(".md", text=silent, whole=True)) == Evidence("no", "not_mentioned")
    assert seen("terms.licence", terms_of_use=FileFacts(".md", text=silent)) is None  # the rest may speak of it
    assert seen("terms.licence", terms_of_use=FileFacts(".pdf", whole=True)) is None  # a scan without text
    assert seen("instruction.pipeline", instruction=FileFacts(".md", text=silent, whole=True)) is None  # it may be a picture


def test_headers_are_no_question_for_pictures() -> None:
    assert seen("data.header", data_example=FileFacts(".png", seen=True)) == Evidence("na", "other_format", ".png")
    assert seen("data.header", data_example=FileFacts(".csv", seen=True)) == Evidence("yes", "no_finding")


def test_sources_are_looked_for_beside_members_that_stay_opaque_but_not_in_what_could_not_be_read() -> None:
    assert seen("archive.no_sources", model_archive=FileFacts(".zip", listed=True)) == Evidence("yes", "no_finding")
    assert seen("data.opens", data_example=FileFacts(".zip", listed=True)) is None


@pytest.mark.parametrize("point", POINTS.values(), ids=list(POINTS))
def test_every_no_drafts_a_remark_in_both_languages(point: Point) -> None:
    templates = {(template.id, template.language): template for template in canned.shipped()}
    for language in ("ru", "en"):
        template = templates[point.remark, language]
        assert template.level == point.level
        assert point.about in (template.field, template.slot)
        assert point.words[language]


def test_every_placeholder_has_a_hint_and_every_hint_a_placeholder() -> None:
    for template in canned.shipped():
        assert template.placeholders == list(template.hints or {}), template.id


def test_placeholders_are_filled_and_what_is_left_is_named() -> None:
    text = "В архиве лежит {member}. Ошибка: {error}."
    assert fill(text, {"member": "a.py", "error": " "}) == "В архиве лежит a.py. Ошибка: {error}."
    assert unfilled(fill(text, {"member": "a.py"})) == ["error"]


def test_a_template_with_conditions_is_offered_when_one_holds() -> None:
    template = Template("t", 1, "ru", "t", "t", conditions=("rule:archive.*", "ext:.csv"))
    assert fits(template, rules=["archive.source"], extensions=[])
    assert fits(template, rules=[], extensions=[".csv"])
    assert not fits(template, rules=["csv.header"], extensions=[".zip"])


def test_the_readers_language_comes_before_a_newer_version_in_another() -> None:
    ru, en, ru2 = (Template("t", v, lang, "t", "t") for v, lang in ((1, "ru"), (9, "en"), (2, "ru")))
    assert newest([ru, en, ru2], "ru") == [ru2]
    assert newest([en], "ru") == [en]
