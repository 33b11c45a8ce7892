"""What has changed since the version before: texts by words, the classification, tables by schema and shape, archives by member and sum (M3)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from backoffice.domain import diffs
from backoffice.i18n import gettext, language, lazy
from backoffice.store.checks import Check
from backoffice.store.listings import Artifact, DictionaryValue, Submission, SubmissionValue
from backoffice.web.wording import duration, filesize, number
from backoffice.web.words import spoken, word

CARD = ("description", "characteristics", "requirements")
SLOTS = ("data_example", "instruction", "terms_of_use", "model_archive")
KINDS = ("industry", "technology", "effect")
_SUMS = ("sha256", "crc")  # of members, the better first; checks of before counted CRC-32
_EXACTLY = "\0"  # no preview has it
_SHA256 = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")
_SHAPE = {
    "kind": lazy("Kind of content"),
    "total_rows": lazy("Rows"),
    "total_columns": lazy("Columns in all"),
    "total": lazy("Entries"),
    "bytes": lazy("Unpacked"),
    "pages": lazy("Pages"),
    "width": lazy("Width"),
    "height": lazy("Height"),
    "seconds": lazy("Length"),
    "rate": lazy("Rate"),
    "channels": lazy("Channels"),
    "codec": lazy("Codec"),
    "values": lazy("Values"),
}


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One file beside its former self. ``entries`` or ``text`` say what differs inside, as far as the previews tell; neither: nothing to tell."""

    artifact: Artifact
    before: Artifact | None
    same: bool
    entries: diffs.Entries | None = None
    text: Sequence[diffs.Piece] | None = None
    partly: bool = False  # only the beginning of a text, or the entries that both previews list, were compared
    sums: str = ""  # by what members were compared: sha256, crc or size; empty where there are no members


def in_order(submission: Submission) -> list[Artifact]:
    """Its files in the order of the slots."""
    return sorted(submission.files, key=lambda artifact: SLOTS.index(artifact.slot))


def texts(before: Submission, now: Submission) -> dict[str, list[diffs.Piece] | None]:
    """The card's texts by words; None for one that is too long."""
    found = {}
    for name in ("title", *CARD):
        pieces = diffs.words(getattr(before, name), getattr(now, name))
        found[name] = diffs.abridged(pieces) if pieces is not None else None
    return found


def classification(submission: Submission) -> dict[str, list[str]]:
    """The picked values of each dictionary, in the reader's language."""
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    links = SubmissionValue.select(SubmissionValue, DictionaryValue).join(DictionaryValue)
    for link in links.where(SubmissionValue.submission == submission).order_by(DictionaryValue.position, DictionaryValue.id):
        found[link.value.kind].append(link.value.en if language() == "en" else link.value.ru)
    return found


def reclassified(before: Submission, now: Submission) -> list[tuple[str, str, str]]:
    """What was taken away, then what was added: ("removed" or "added", dictionary, value)."""
    old, new = ([(kind, value) for kind, values in classification(one).items() for value in values] for one in (before, now))
    gone = [("removed", *each) for each in old if each not in new]
    return gone + [("added", *each) for each in new if each not in old]


def files(before: Submission, then: Sequence[Check], now: Submission, checks: Sequence[Check]) -> list[FileDiff]:
    """Every file of ``now`` beside the one that stood in its slot."""
    old = {artifact.slot: artifact for artifact in before.artifacts}
    found = []
    for artifact in in_order(now):
        former = old.get(artifact.slot)
        same = bool(former and former.blob_id == artifact.blob_id)
        inside = {} if same else _inside(_preview(then, artifact.slot), _preview(checks, artifact.slot))
        found.append(FileDiff(artifact, former, same, **inside))
    return found


def _preview(checks: Sequence[Check], slot: str) -> Mapping[str, Any]:
    return next((check.preview or {} for check in checks if check.slot == slot and check.kind == "scan"), {})


def _inside(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    if not old or not new:
        return {}
    if old.get("kind") == new.get("kind") and new.get("kind") in ("document", "text", "json"):
        pieces = diffs.words(_text(old), _text(new))
        partly = bool(old.get("truncated") or new.get("truncated"))
        return {"text": diffs.abridged(pieces) if pieces is not None else None, "partly": partly}
    sums = _sums(old, new)
    before, after = traits(old, sums), traits(new, sums)
    # What one side does not list may stand further down in it: that is neither an addition nor a loss.
    unknown = {
        name for one, other, side in ((before, after, new), (after, before, old)) if _cut(side) for name in one.keys() - other
    }
    for name in unknown:
        before.pop(name, None)
        after.pop(name, None)
    found = diffs.entries(before, after)
    return {
        "entries": replace(found, changes=[_shown(change) for change in found.changes]),
        "partly": _cut(old) or _cut(new),
        "sums": sums,
    }


def _sums(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """The best sum that both checks counted; ``size`` when they counted different ones."""
    counted = [{sum_of for sum_of in _SUMS for entry in one.get("entries", []) if entry.get(sum_of)} for one in (old, new)]
    return next((each for each in _SUMS if all(each in one for one in counted)), "size" if any(counted) else "")


def _cut(preview: Mapping[str, Any]) -> bool:
    return bool(preview.get("entries")) and (preview.get("total") or 0) > len(preview["entries"])


def _shown(change: diffs.Change) -> diffs.Change:
    """Rounded numbers; the exact ones where these are the same. Of a sum twelve digits are enough to see that it is another."""
    (before, _, was), (after, _, now) = (_SHA256.sub(r"\1…", told).partition(_EXACTLY) for told in (change.before, change.after))
    if before == after and was != now:
        before, after = f"{before} ({was})", f"{after} ({now})"
    return replace(change, before=before, after=after)


def _text(preview: Mapping[str, Any]) -> str:
    if preview["kind"] == "json":
        return json.dumps(preview.get("tree"), ensure_ascii=False, indent=1)
    return str(preview.get("text") or "")


def traits(preview: Mapping[str, Any], sums: str = "") -> dict[str, str]:
    """What a preview says of a file, by name: its shape, its columns with their types, its members with size and the sum ``sums``.

    What is rounded for people is followed by what it is exactly, behind ``_EXACTLY``: two versions may differ in that alone.
    """
    found = {gettext(label): _said(preview, key) for key, label in _SHAPE.items() if preview.get(key) not in (None, "")}
    for key in ("bytes", "seconds"):
        if preview.get(key):
            found[gettext(_SHAPE[key])] += f"{_EXACTLY}{number(preview[key])}"
    found |= {str(column.get("name")): word(str(column.get("type", "")), "column_type") for column in preview.get("columns", [])}
    found |= {str(entry.get("name")): _member(entry, sums) for entry in preview.get("entries", [])}
    found |= {str(name): gettext("import") for name in preview.get("imports", [])}
    found |= {spoken(label): spoken(value) for label, value in preview.get("summary", [])}
    return found


def _said(preview: Mapping[str, Any], key: str) -> str:
    """One property of a file as a person reads it."""
    value = preview[key]
    if key == "kind":
        return word(str(value), "preview")
    if not isinstance(value, int | float):
        return str(value)
    if key == "rate":
        return (
            gettext("%(rate)s Hz", rate=number(value))
            if preview.get("kind") == "audio"
            else gettext("%(rate)s a second", rate=number(value))
        )
    if key == "bytes":
        return filesize(int(value))
    return duration(value) if key == "seconds" else number(value)


def shape(preview: Mapping[str, Any]) -> list[str]:
    """A file's shape in a few words: «строк: 1 200»."""
    told = [(label, key) for key, label in _SHAPE.items() if key != "kind" and preview.get(key) not in (None, "")]
    return [f"{gettext(label)}: {_said(preview, key)}" for label, key in told]


def _member(entry: Mapping[str, Any], sums: str) -> str:
    size = filesize(entry["size"]) if isinstance(entry.get("size"), int) else ""
    marks = [word(str(entry[key]), "mark") for key in ("type", "shape") if entry.get(key)]
    told = str(entry.get(sums) or "") if sums in _SUMS else ""
    flags = ", ".join(word(flag, "mark") for flag in entry.get("flags") or [])
    exactly = f"{_EXACTLY}{number(entry['size'])}" if size else ""
    return " · ".join(filter(None, [size, told, *marks, flags])) + exactly
