"""The built-in catalog («каталог моделей»): what its hook received, for visitors (C1, C2)."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from flask import Blueprint, Response, abort, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from backoffice.clock import utcnow
from backoffice.i18n import gettext
from backoffice.storage import blob_key
from backoffice.store import search
from backoffice.store.listings import Blob, CatalogEntry, DictionaryValue
from backoffice.usecases import people

blueprint = Blueprint("catalog", __name__)


def _entry(listing_id: int) -> CatalogEntry:
    entry: CatalogEntry | None = CatalogEntry.get_or_none(
        (CatalogEntry.listing == listing_id) & (CatalogEntry.visible == True)  # noqa: E712
    )
    if entry is None:
        abort(404)
    return entry


def _values() -> dict[int, DictionaryValue]:
    return {value.id: value for value in DictionaryValue.select().order_by(DictionaryValue.position)}


@blueprint.get("/")
def index() -> str:
    """Published models, by words and by classification."""
    values = _values()
    entries = list(CatalogEntry.select().where(CatalogEntry.visible == True).order_by(CatalogEntry.received_at.desc()))  # noqa: E712
    chosen = {kind: request.args.get(kind, type=int) for kind in ("industry", "technology", "effect")}
    wanted = {value for value in chosen.values() if value}
    words = set(search.stems(request.args.get("q", "")))
    found = [entry for entry in entries if wanted <= set(entry.value_ids) and _has(entry, words)]
    used = {value for entry in entries for value in entry.value_ids}
    options = {kind: [value for value in values.values() if value.kind == kind and value.id in used] for kind in chosen}
    return render_template("catalog/index.html", entries=found, values=values, options=options, chosen=chosen, total=len(entries))


def _has(entry: CatalogEntry, words: set[str]) -> bool:
    return not words or words <= set(search.stems(f"{entry.title} {entry.card['description']} {entry.card['author']}"))


@blueprint.get("/models/<int:listing_id>")
def model(listing_id: int) -> str:
    """One model's page."""
    entry = _entry(listing_id)
    return render_template("catalog/model.html", entry=entry, values=[_values()[value] for value in entry.value_ids])


@blueprint.get("/models/<int:listing_id>/files/<slot>")
def download(listing_id: int, slot: str) -> Response:
    """A file of a published model, always as an attachment; a quarantined one never."""
    file = next((file for file in _entry(listing_id).files if file["slot"] == slot), None)
    if file is None:
        abort(404)
    blob = Blob.get_or_none((Blob.sha256 == file["sha256"]) & Blob.quarantined_at.is_null())
    if blob is None:
        abort(404)
    return attachment(blob, file["name"])


def attachment(blob: Blob, name: str) -> Response:
    """A blob's bytes as an attachment."""
    return sent(blob_key(blob.sha256), name, blob.size)


def sent(key: str, name: str, size: int) -> Response:
    """Stored bytes streamed as an attachment: never shown by the browser, whatever they are."""
    pieces: Iterator[bytes] = current_app.extensions["wiring"].storage.stream(key)
    answer = Response(pieces, mimetype="application/octet-stream")
    plain = name.encode("ascii", "ignore").decode().strip() or "file"
    answer.headers.set(
        "Content-Disposition",
        "attachment",
        **{"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"},  # RFC 6266
    )
    answer.headers["Content-Length"] = str(size)
    answer.headers["Content-Security-Policy"] = "default-src 'none'"
    return answer


@blueprint.post("/models/<int:listing_id>/full-version")
def full_version(listing_id: int) -> BaseResponse:
    """A visitor asks the staff for the full version (C2)."""
    fields = {name: request.form.get(name, "") for name in ("name", "email", "company", "message")}
    people.request_full_version(listing_id=listing_id, now=utcnow(), **fields)
    flash(gettext("Thank you! We will write to you at %(email)s.", email=fields["email"]), "success")
    return redirect(url_for("catalog.model", listing_id=listing_id))
