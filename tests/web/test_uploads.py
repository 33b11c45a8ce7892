"""Files of a draft, sent in pieces that may break (A7–A11, tus 1.0)."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from backoffice.inspection.rules import slots
from backoffice.storage import blob_key
from backoffice.store.listings import Artifact, Submission, Upload
from tests.usecases.market import Market
from tests.web.conftest import SignIn, Visitor

UPLOADS = "/cabinet/uploads"
DATA = "температура,отказ\n61.5,0\n".encode()
SCRIPT = {"Accept": "application/json"}


class Sender:
    """An author's browser that uploads into a draft."""

    def __init__(self, visitor: Visitor, draft: Submission) -> None:
        self.visitor, self.draft = visitor, draft

    def begin(self, *, slot: str = "data_example", name: str = "данные.csv", size: int = len(DATA)) -> TestResponse:
        meta = {"submission": str(self.draft.id), "slot": slot, "filename": name}
        packed = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in meta.items())
        return self.visitor.post(UPLOADS, headers={"Upload-Metadata": packed, "Upload-Length": str(size), **SCRIPT})

    def add(self, url: str, offset: int, data: bytes, **more: Any) -> TestResponse:
        headers = {"Upload-Offset": str(offset), **SCRIPT}
        kind = "application/offset+octet-stream"
        return self.visitor.patch(url, headers=headers, data=data, content_type=kind, **more)

    def stands(self, url: str) -> int:
        answer = self.visitor.head(url)
        assert answer.status_code == 200
        return int(answer.headers["Upload-Offset"])


@pytest.fixture
def sender(market: Market, sign_in: SignIn) -> Sender:
    draft = market.draft()
    Artifact.delete().where(Artifact.submission == draft).execute()
    return Sender(sign_in(market.anna), draft)


def test_a_file_arrives_in_two_pieces_and_lies_in_its_slot(app: Flask, sender: Sender) -> None:
    url = sender.begin().headers["Location"]
    assert sender.stands(url) == 0
    first = sender.add(url, 0, DATA[:10])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "10")
    assert first.headers["Tus-Resumable"] == "1.0.0"
    assert sender.stands(url) == 10
    assert sender.add(url, 10, DATA[10:]).headers["Upload-Offset"] == str(len(DATA))
    artifact = Artifact.get(Artifact.submission == sender.draft)
    assert (artifact.slot, artifact.name, artifact.blob.size) == ("data_example", "данные.csv", len(DATA))
    assert artifact.blob.sha256 == hashlib.sha256(DATA).hexdigest()
    assert app.extensions["wiring"].storage.read(blob_key(artifact.blob.sha256)) == DATA


def test_a_finished_upload_whose_last_answer_got_lost_stands_at_its_end(sender: Sender) -> None:
    url = sender.begin().headers["Location"]
    sender.add(url, 0, DATA)
    assert sender.stands(url) == len(DATA)
    again = sender.add(url, 0, DATA)
    assert again.status_code == 409
    assert Artifact.select().count() == 1


def test_a_piece_for_another_place_is_refused_with_the_right_one(sender: Sender) -> None:
    url = sender.begin().headers["Location"]
    sender.add(url, 0, DATA[:10])
    for wrong in (0, 5, 11):
        answer = sender.add(url, wrong, DATA[wrong:])
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "10")
    assert sender.stands(url) == 10


class Broken:
    """A connection that breaks after the first piece."""

    def __init__(self, data: bytes) -> None:
        self.pieces = iter((data[:7],))

    def read(self, _size: int = -1) -> bytes:
        for piece in self.pieces:
            return piece
        raise ConnectionResetError


def test_a_broken_piece_is_kept_as_far_as_it_came_and_the_upload_goes_on(sender: Sender) -> None:
    url = sender.begin().headers["Location"]
    broken = sender.add(url, 0, b"", environ_overrides={"wsgi.input": Broken(DATA), "CONTENT_LENGTH": str(len(DATA))})
    assert broken.status_code == 400
    assert sender.stands(url) == 7
    assert sender.add(url, 7, DATA[7:]).status_code == 204
    assert Artifact.get().blob.sha256 == hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize(
    ("slot", "name", "words"),
    [
        ("data_example", "данные.exe", ".csv"),
        ("instruction", "данные.csv", ".pdf"),
        ("model_archive", "модель", ".zip"),
        ("terms_of_use", "условия.pdf.exe", ".docx"),
    ],
)
def test_a_wrong_type_is_refused_before_the_first_byte_with_what_is_accepted(
    sender: Sender, slot: str, name: str, words: str
) -> None:
    answer = sender.begin(slot=slot, name=name)
    assert answer.status_code == 409
    assert answer.json
    assert answer.json["reason"] == "wrong_extension"
    assert words in answer.json["words"]
    assert Upload.select().count() == 0


def test_too_large_is_refused_before_the_first_byte_and_says_how_large_is_allowed(sender: Sender) -> None:
    for slot, name, limit in (
        ("data_example", "д.csv", "1\N{NO-BREAK SPACE}ГБ"),
        ("instruction", "и.md", "128\N{NO-BREAK SPACE}МБ"),
    ):
        answer = sender.begin(slot=slot, name=name, size=slots()[slot].max_bytes + 1)
        assert answer.json
        assert (answer.status_code, answer.json["reason"]) == (409, "too_large")
        assert limit in answer.json["words"]
    assert sender.begin(size=slots()["data_example"].max_bytes).status_code == 201


def test_an_empty_file_and_one_without_a_size_are_refused(sender: Sender) -> None:
    assert sender.begin(size=0).status_code == 409
    assert sender.begin(size=-5).status_code == 409


def test_more_bytes_than_announced_never_become_the_file(sender: Sender) -> None:
    url = sender.begin(size=5).headers["Location"]
    answer = sender.add(url, 0, DATA)
    assert answer.status_code == 409
    assert Artifact.select().count() == 0
    assert sender.stands(url) <= 5


def test_a_file_of_a_folder_keeps_only_its_own_name(sender: Sender) -> None:
    url = sender.begin(name="../../etc\\cron.d/данные\n\x00.csv").headers["Location"]
    sender.add(url, 0, DATA)
    assert Artifact.get().name == "данные.csv"


def test_another_person_has_no_use_for_the_token(market: Market, sender: Sender, sign_in: SignIn) -> None:
    url = sender.begin().headers["Location"]
    other = Sender(sign_in(market.person("Борис", "author")), sender.draft)
    assert other.visitor.head(url, headers=SCRIPT).status_code == 409
    assert other.add(url, 0, DATA).status_code == 409
    assert other.visitor.delete(url, headers=SCRIPT).status_code == 409
    assert other.begin().status_code in (404, 409)
    assert sender.stands(url) == 0


def test_a_submission_that_was_sent_takes_no_more_files(market: Market, sign_in: SignIn) -> None:
    sent = market.awaiting()
    assert Sender(sign_in(market.anna), sent).begin().status_code == 409


def test_a_cancelled_upload_leaves_nothing(app: Flask, sender: Sender) -> None:
    url = sender.begin().headers["Location"]
    sender.add(url, 0, DATA[:5])
    assert sender.visitor.delete(url).status_code == 204
    assert Upload.select().count() == 0
    assert list(app.extensions["wiring"].storage.uploads.iterdir()) == []


def test_only_pieces_of_an_upload_are_taken(sender: Sender) -> None:
    url = sender.begin().headers["Location"]
    assert sender.visitor.patch(url, headers={"Upload-Offset": "0"}, data=DATA, content_type="text/csv").status_code == 415


def test_what_the_server_can_do_is_said_on_request(sender: Sender) -> None:
    assert sender.visitor.options(UPLOADS).headers["Tus-Extension"] == "creation,termination"
