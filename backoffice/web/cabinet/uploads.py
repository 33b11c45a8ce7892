"""tus 1.0 (core, creation, termination) for the author's files: an upload that breaks resumes where it stood (A11)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from flask import Blueprint, Response, current_app, request, url_for
from flask_login import current_user

from backoffice.clock import utcnow
from backoffice.domain.errors import Lost
from backoffice.inspection.rules import slots
from backoffice.storage import Storage
from backoffice.store.listings import Upload
from backoffice.usecases import uploads

blueprint = Blueprint("uploads", __name__, url_prefix="/cabinet/uploads")
PIECE = 1 << 20


def _storage() -> Storage:
    storage: Storage = current_app.extensions["wiring"].storage
    return storage


@blueprint.after_request
def _speak_tus(response: Response) -> Response:
    response.headers["Tus-Resumable"] = "1.0.0"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.route("", methods=["OPTIONS"])
def options() -> Response:
    """What this server can do."""
    largest = max(slot.max_bytes for slot in slots().values())
    headers = {"Tus-Version": "1.0.0", "Tus-Extension": "creation,termination", "Tus-Max-Size": str(largest)}
    return Response(status=204, headers=headers)


def _metadata() -> dict[str, str]:
    """``Upload-Metadata``: names with base64 values; what cannot be read is left out."""
    found = {}
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        name, _, value = pair.strip().partition(" ")
        try:
            found[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
    return found


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else -1


@blueprint.post("")
def create() -> Response:
    """Begin: ``Upload-Length``, and ``submission``, ``slot``, ``filename`` in the metadata."""
    meta = _metadata()
    upload = uploads.begin(
        submission_id=_number(meta.get("submission")),
        author=current_user,
        slot=meta.get("slot", ""),
        name=meta.get("filename", ""),
        size=_number(request.headers.get("Upload-Length")),
        storage=_storage(),
        now=utcnow(),
    )
    return Response(status=201, headers={"Location": url_for("uploads.patch", token=upload.token), "Upload-Offset": "0"})


@blueprint.route("/<token>", methods=["HEAD"])
def head(token: str) -> Response:
    """Where it stands; one whose last answer got lost stands at its end, and is finished now if it was not yet."""
    upload = uploads.standing(token, author=current_user, storage=_storage(), now=utcnow())
    return Response(headers={"Upload-Offset": str(upload.offset), "Upload-Length": str(upload.size)})


@blueprint.patch("/<token>")
def patch(token: str) -> Response:
    """Go on. 409 when the offset is not where the upload stands."""
    if request.mimetype != "application/offset+octet-stream":
        return Response(status=415)
    upload = uploads.find(token, author=current_user)
    try:
        offset = uploads.append(
            upload, offset=_number(request.headers.get("Upload-Offset")), pieces=_body(), storage=_storage(), now=utcnow()
        )
    except Lost:
        return Response(status=409, headers={"Upload-Offset": str(upload.offset)})
    if offset == upload.size:
        uploads.finish(upload, storage=_storage(), now=utcnow())
    return Response(status=204, headers={"Upload-Offset": str(offset)})


def _body() -> Iterator[bytes]:
    while piece := request.stream.read(PIECE):
        yield piece


@blueprint.delete("/<token>")
def terminate(token: str) -> Response:
    """Forget it."""
    upload: Upload = uploads.find(token, author=current_user)
    uploads.cancel(upload, storage=_storage())
    return Response(status=204)
