"""The author's account: a draft that is left and resumed, sent, renewed and taken back (A2–A14)."""

from __future__ import annotations

from backoffice.store.listings import DictionaryRequest, Submission
from backoffice.store.outbox import Mail
from tests.usecases.market import Market
from tests.usecases.office import again
from tests.web.conftest import SignIn

JSON = {"Accept": "application/json"}


def test_adding_a_model_twice_takes_up_the_untouched_draft(market: Market, sign_in: SignIn) -> None:
    anna = sign_in(market.anna)
    first = anna.post("/cabinet/models/add").location
    assert anna.post("/cabinet/models/add").location == first
    page = anna.page(first)
    for words in ("Добавление модели", "Описание модели", "Технические характеристики", "Отрасль", "Пример формата данных"):
        assert words in page


def test_what_is_typed_is_saved_and_an_older_window_overwrites_nothing(market: Market, sign_in: SignIn) -> None:
    draft, anna = market.draft(), sign_in(market.anna)
    address = f"/cabinet/submissions/{draft.id}"
    saved = anna.put(
        address, json={"revision": draft.revision, "title": "Новое имя", "values": [v.value_id for v in draft.values]}
    )
    assert saved.json == {"revision": draft.revision + 1, "lacking": []}
    older = anna.put(address, json={"revision": draft.revision, "title": "Старое окно"}, headers=JSON)
    assert older.status_code == 409
    assert again(draft).title == "Новое имя"
    assert "Новое имя" in anna.page(f"{address}/edit")


def test_an_incomplete_draft_is_not_sent_and_says_what_is_missing(market: Market, sign_in: SignIn) -> None:
    draft, anna = market.draft(), sign_in(market.anna)
    anna.delete(f"/cabinet/submissions/{draft.id}/files/instruction")
    Submission.update(requirements="").where(Submission.id == draft.id).execute()
    page = anna.post(f"/cabinet/submissions/{draft.id}/submit", follow_redirects=True).text
    assert "Минимальные требования" in page
    assert "Инструкция к модели" in page
    assert again(draft).state == "draft"


def test_a_complete_one_is_sent_once_and_its_deadline_is_promised(market: Market, sign_in: SignIn) -> None:
    draft, anna = market.draft(), sign_in(market.anna)
    page = anna.post(f"/cabinet/submissions/{draft.id}/submit", follow_redirects=True).text
    assert "На модерации" in page
    assert "Ответим до" in page
    assert again(draft).state == "checking"
    anna.post(f"/cabinet/submissions/{draft.id}/submit")
    assert Mail.select().where(Mail.event == "received").count() == 1


def test_editing_a_returned_one_starts_the_next_version_filled_in(market: Market, sign_in: SignIn) -> None:
    returned, anna = market.awaiting(), sign_in(market.anna)
    market.decide(returned, "return", market.vera)
    assert "Добавьте заголовки столбцов." in anna.page(f"/cabinet/submissions/{returned.id}")
    address = anna.post(f"/cabinet/submissions/{returned.id}/edit").location
    page = anna.page(address)
    assert "Добавьте заголовки столбцов." in page
    assert page.count("как в прошлой версии") == 4
    assert anna.post(f"/cabinet/submissions/{returned.id}/edit").location == address


def test_what_is_not_decided_can_be_taken_back_and_what_is_decided_cannot(market: Market, sign_in: SignIn) -> None:
    waiting, published, anna = market.awaiting(), market.awaiting(), sign_in(market.anna)
    market.decide(published, "publish", market.vera)
    for submission in (waiting, published):
        anna.post(f"/cabinet/submissions/{submission.id}/withdraw")
    assert (again(waiting).state, again(published).state) == ("withdrawn", "published")


def test_a_missing_value_is_asked_for_and_reaches_the_staff(market: Market, sign_in: SignIn) -> None:
    form = {"kind": "industry", "words": "Пчеловодство"}
    answer = sign_in(market.anna).post("/cabinet/value-request", data=form, headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 200
    assert DictionaryRequest.get().words == "Пчеловодство"
    assert Mail.get(Mail.event == "value_requested").recipient == market.olga.email
    assert "Пчеловодство" in sign_in(market.olga).page("/staff/value-requests/")


def test_what_no_database_stores_is_replaced_wherever_it_is_sent(market: Market, sign_in: SignIn) -> None:
    draft, anna, vera = market.draft(), sign_in(market.anna), sign_in(market.vera)
    saved = anna.put(f"/cabinet/submissions/{draft.id}", json={"revision": draft.revision, "title": "Имя\0 \ud800!"})
    assert saved.status_code == 200
    assert again(draft).title == "Имя� �!"
    waiting = market.awaiting()
    assert vera.post(f"/staff/review/{waiting.id}/note", data={"text": "было\0так"}).status_code == 302
    assert "было�так" in vera.page(f"/staff/review/{waiting.id}")
    assert vera.get("/staff/queue/?tab=all&q=%00").status_code == 200
    assert anna.head("/cabinet/uploads/%00").status_code == 404
