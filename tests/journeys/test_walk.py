"""One submission from upload to catalog, as people walk it in a browser, on both databases (the requirements' A, M and C rows)."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from backoffice.demo.players import PASSWORD
from tests.real.browser import Watched
from tests.real.product import Product
from tests.real.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TITLE = "Прогноз отказов насосов"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """The author's four files."""
    (tmp_path / "пример.csv").write_text("температура,вибрация,отказ\n61.5,0.12,0\n88.0,0.71,1\n", "utf-8")
    (tmp_path / "инструкция.md").write_text("# Инструкция\n\n1. Распакуйте архив.\n2. Откройте ноутбук.\n", "utf-8")
    (tmp_path / "условия.md").write_text("# Условия\n\nДемоверсию можно запускать для ознакомления.\n", "utf-8")
    with zipfile.ZipFile(tmp_path / "модель.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("модель.csv", "a,b\n1,2\n")
    return {
        "data_example": tmp_path / "пример.csv",
        "instruction": tmp_path / "инструкция.md",
        "terms_of_use": tmp_path / "условия.md",
        "model_archive": tmp_path / "модель.zip",
    }


def _upload(page: Page, slot: str, file: Path) -> None:
    page.locator(f"#{slot} input[type=file]").first.set_input_files(file)
    expect(page.locator(f"#{slot} strong")).to_have_text(file.name)
    expect(page.locator("#saved")).to_contain_text("сохранено")  # with all that was filled in before


def _fill(page: Page) -> None:
    page.get_by_label("Название модели").fill(TITLE)
    page.get_by_label("Описание модели").fill("Модель решает задачу прогноза отказов. Эффект: меньше простоев. " * 3)
    page.get_by_label("Технические характеристики").fill("Python, CPU, .csv, архив с .pickle, точность 91 %.")
    page.get_by_label("Минимальные требования для запуска").fill("2 ГБ оперативной памяти")
    for dictionary in ("Отрасль", "Технология", "Эффект"):
        page.get_by_role("group", name=dictionary).get_by_role("checkbox").first.check()
    expect(page.locator("#saved")).to_contain_text("сохранено")


def _author_submits(author: Watched, url: str, files: dict[str, Path]) -> None:
    page = author.page
    author.sign_in(url, "pavel@mlplace.example", PASSWORD)
    page.get_by_role("button", name="Добавить", exact=True).click()
    page.get_by_role("button", name="Модель", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Добавление модели")
    _fill(page)
    _upload(page, "data_example", files["data_example"])
    page.goto(f"{url}/cabinet/models?tab=draft")  # leaves the draft and comes back to it
    page.get_by_role("link", name=TITLE).click()
    expect(page.get_by_label("Название модели")).to_have_value(TITLE)
    for slot in ("instruction", "terms_of_use", "model_archive"):
        _upload(page, slot, files[slot])
    assert not (found := author.serious()), found
    page.get_by_role("button", name="Отправить на модерацию").click()
    expect(page.locator("main")).to_contain_text("Ответим до")
    page.goto(f"{url}/cabinet/models?tab=moderation")
    expect(page.get_by_role("row").filter(has_text=TITLE)).to_contain_text("На модерации")


def _wait_for_review(author: Watched, url: str) -> None:
    """The checks run in the workers; the author's page follows them without a reload."""
    page = author.page
    page.goto(f"{url}/cabinet/models?tab=moderation")
    page.get_by_role("link", name=TITLE).click()
    expect(page.locator("#progress [data-over]")).to_have_count(1, timeout=240_000)


def _take(moderator: Watched, url: str) -> None:
    page = moderator.page
    page.goto(f"{url}/staff/queue/?tab=all&q={TITLE}")
    page.get_by_role("row").get_by_role("link", name=TITLE).first.click()
    page.wait_for_url(re.compile(r"/staff/review/\d+"))
    page.get_by_role("button", name="Взять в работу").click()
    expect(page.locator("#claim")).to_contain_text("осталось")


def _moderator_returns(moderator: Watched) -> None:
    page = moderator.page
    expect(page.locator(".pane[data-side=left]")).to_contain_text("прогноза отказов")
    page.get_by_label("Что показывает правая панель").select_option("file.data_example")
    preview = page.frame_locator(".pane[data-side=right] iframe.preview")
    expect(preview.get_by_role("cell", name="61.5")).to_be_visible()
    page.get_by_label("Что показывает правая панель").select_option("checks")
    expect(page.locator(".pane[data-side=right]")).to_contain_text("Антивирус и формат")
    page.locator(".point").first.get_by_text("Нет", exact=True).click()  # a «no» drafts its remark
    expect(page.locator(".remark")).to_have_count(1)
    box = page.locator(".remark").first
    for hole in box.locator("input").all():
        hole.fill("какие насосы и с каким упреждением")
    page.get_by_role("tab", name="Решение").click()
    expect(page.locator("#kept")).to_contain_text("сохранено")
    page.get_by_role("button", name="Посмотреть письмо").click()
    expect(page.locator("[data-letter-subject]")).to_contain_text(TITLE)
    page.locator("#letter .btn-close").click()
    page.get_by_label("После решения взять следующую").uncheck()
    assert not (found := moderator.serious()), found
    page.get_by_role("button", name="Вернуть на доработку").click()
    page.wait_for_url("**/staff/queue/**")


def _author_resubmits(author: Watched, url: str, files: dict[str, Path]) -> None:
    page = author.page
    page.goto(f"{url}/mail/")
    letter = (
        page.get_by_role("link").filter(has_text="pavel@mlplace.example").filter(has_text="доработ").filter(has_text=TITLE).first
    )
    _appears(page, letter)
    letter.click()
    expect(page.locator("main")).to_contain_text(TITLE)
    page.goto(f"{url}/cabinet/models?tab=returned")
    row = page.get_by_role("row").filter(has_text=TITLE)
    expect(row).to_contain_text("На доработке")
    row.get_by_role("button", name="Редактировать").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Редактирование модели")
    expect(page.locator("main")).to_contain_text("Что нужно доработать")
    expect(page.locator("#terms_of_use")).to_contain_text("как в прошлой версии")
    _upload(page, "model_archive", files["model_archive"])
    page.get_by_role("button", name="Отправить на модерацию").click()
    expect(page.locator("main")).to_contain_text("Ответим до")


def _moderator_publishes(moderator: Watched) -> None:
    page = moderator.page
    expect(page.get_by_label("Что показывает левая панель")).to_have_value("diff")
    page.get_by_role("tab", name="Решение").click()
    page.get_by_label("Непрозрачное для проверок").check()
    page.get_by_label("После решения взять следующую").uncheck()
    publish = page.get_by_role("button", name="Опубликовать")
    expect(publish).to_be_enabled()
    publish.click()
    page.wait_for_url("**/staff/queue/**")


def _appears(page: Page, place: Locator) -> None:
    """A page that does not renew itself is looked at again until the thing is there."""
    until(lambda: (page.reload(), place.count())[1], about=str(place))


def _visitor_reads(browser: Browser, url: str) -> None:
    context = browser.new_context(locale="ru-RU")
    visitor = Watched(context)
    page = visitor.page
    page.goto(url)
    link = page.get_by_role("link", name=TITLE)
    _appears(page, link)
    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("Скачать демоверсию")).click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        assert "демо.pickle" in archive.namelist()
    context.close()
    assert visitor.wrongs == []


def test_a_submission_walks_from_upload_to_catalog(
    product: Product, person: Watched, browser: Browser, files: dict[str, Path], tmp_path: Path
) -> None:
    url = product.url
    _author_submits(person, url, files)
    _wait_for_review(person, url)
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="ru-RU")
    vera = Watched(context)
    vera.sign_in(url, "vera@mlplace.example", PASSWORD)
    _take(vera, url)
    _moderator_returns(vera)
    better = tmp_path / "модель-2.zip"
    with zipfile.ZipFile(better, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("демо.pickle", b"\x80\x04}\x94\x8c\x06weight\x94G?\xe0\x00\x00\x00\x00\x00\x00s.")
        archive.writestr("ПРОЧТИ.md", "# Запуск\n\nОткройте модель.\n")
    _author_resubmits(person, url, {"model_archive": better})
    _wait_for_review(person, url)
    _take(vera, url)
    _moderator_publishes(vera)
    _visitor_reads(browser, url)
    context.close()
    assert vera.wrongs == []
