"""The words of names: states, slots, reasons, events, severities … in the reader's language.

Every table is English; the catalogues hold the Russian. ``word(table, name)`` falls back to the name, so that nothing is ever blank.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from backoffice.domain import sentences
from backoffice.i18n import gettext, language, lazy

AUTHOR_STATES = {
    "draft": lazy("Draft"),
    "checking": lazy("On moderation"),
    "awaiting_review": lazy("On moderation"),
    "published": lazy("Published"),
    "returned": lazy("Returned for revision"),
    "rejected": lazy("Rejected"),
    "withdrawn": lazy("Withdrawn"),
    "superseded": lazy("Replaced by a newer version"),
    "unpublished": lazy("Taken out of the catalog"),
}
STATES = AUTHOR_STATES | {"checking": lazy("Checks are running"), "awaiting_review": lazy("Awaiting review")}
STATE_COLOURS = {
    "draft": "secondary",
    "checking": "azure",
    "awaiting_review": "blue",
    "published": "green",
    "returned": "orange",
    "rejected": "red",
}
SLOTS = {
    "data_example": lazy("Data format example"),
    "instruction": lazy("Model instruction"),
    "terms_of_use": lazy("Terms of use"),
    "model_archive": lazy("Model archive"),
}
FIELDS = {
    "title": lazy("Model name"),
    "description": lazy("Model description"),
    "characteristics": lazy("Technical characteristics"),
    "requirements": lazy("Minimum requirements to run"),
    "classification": lazy("Model classification"),
    "industry": lazy("Industry"),
    "technology": lazy("Technology"),
    "effect": lazy("Effect"),
}
SEVERITIES = {
    "requirement": lazy("Requirement"),
    "guideline": lazy("Guideline"),
    "suggestion": lazy("Suggestion"),
    "note": lazy("Note"),
}
SEVERITY_COLOURS = {"requirement": "red", "guideline": "orange", "suggestion": "azure", "note": "secondary"}
VERDICTS = {
    "pass": lazy("no findings"),
    "warn": lazy("there are findings"),
    "reject": lazy("rejecting finding"),
    "error": lazy("could not be checked"),
}
CHECK_KINDS = {"scan": lazy("Antivirus and format"), "try_install": lazy("Trial installation")}
CHECK_STATES = {
    "queued": lazy("queued"),
    "running": lazy("running"),
    "passed": lazy("passed"),
    "findings": lazy("there are findings"),
    "inconclusive": lazy("inconclusive"),
    "failed": lazy("failed, will be retried"),
    "exhausted": lazy("could not be checked"),
    "stale": lazy("out of date"),
    "exempt": lazy("exempted"),
    "not_needed": lazy("not needed"),
}
CHECK_COLOURS = {
    "passed": "green",
    "findings": "orange",
    "running": "azure",
    "inconclusive": "secondary",
    "exhausted": "red",
    "failed": "yellow",
}
REASONS = {
    "overdue": lazy("overdue"),
    "due_today": lazy("due today"),
    "escalated": lazy("escalation"),
    "infected": lazy("antivirus finding"),
    "rejecting": lazy("rejecting finding"),
    "check_failed": lazy("check failed"),
    "resubmission": lazy("resubmission"),
    "on_hold": lazy("on hold"),
    "overridden": lazy("deadline moved by hand"),
    "provisional": lazy("provisional deadline"),
}
REASON_COLOURS = {
    "overdue": "red",
    "due_today": "orange",
    "escalated": "pink",
    "infected": "red",
    "rejecting": "orange",
    "check_failed": "yellow",
    "resubmission": "azure",
}
EVENTS = {
    "submitted": lazy("Submitted for moderation"),
    "checks_finished": lazy("Checks finished"),
    "check_rerun": lazy("A check was repeated"),
    "check_exempted": lazy("Exempted from a check"),
    "quarantined": lazy("File put into quarantine"),
    "claimed": lazy("Taken into work"),
    "claim_released": lazy("Given back to the queue"),
    "claim_taken_over": lazy("Taken over from a colleague"),
    "assigned": lazy("Assigned"),
    "unassigned": lazy("Assignment removed"),
    "handed_over": lazy("Handed over"),
    "skipped": lazy("Skipped"),
    "held": lazy("Put on hold"),
    "resumed": lazy("Hold ended"),
    "deadline_moved": lazy("Deadline moved"),
    "escalated": lazy("Escalation"),
    "archived": lazy("Moved to the archive"),
    "unarchived": lazy("Taken out of the archive"),
    "published": lazy("Published"),
    "returned": lazy("Returned for revision"),
    "rejected": lazy("Rejected"),
    "withdrawn": lazy("Withdrawn by the author"),
    "superseded": lazy("Replaced by a newer version"),
    "unpublished": lazy("Taken out of the catalog"),
    "noted": lazy("Internal note"),
    "delivery_repeated": lazy("Sent again"),
    "delivery_failed": lazy("Delivery failed"),
    "full_version_requested": lazy("Full version requested"),
    "value_requested": lazy("Dictionary value requested"),
    "signed_in": lazy("Signed in"),
    "person_changed": lazy("Account changed"),
    "setting_changed": lazy("Setting changed"),
}
ROLES = {
    "author": lazy("Author"),
    "moderator": lazy("Moderator"),
    "lead": lazy("Team lead"),
    "admin": lazy("Administrator"),
}
LETTERS = {
    "received": lazy("Submission received"),
    "returned": lazy("Returned for revision"),
    "published": lazy("Published"),
    "rejected": lazy("Rejected"),
    "unpublished": lazy("Taken out of the catalog"),
}
BLOCKERS = {
    "on_hold": lazy("The submission is on hold: end the hold first."),
    "quarantined": lazy("A virus was found: such a file cannot be published."),
    "check_unfinished": lazy("The check has not finished: wait for it or ask a lead for an exemption."),
    "check_inconclusive": lazy("The check gave no answer: repeat it or ask a lead for an exemption."),
    "rejecting_finding": lazy("A check found a violation of a requirement: return the submission with a remark."),
    "opaque_unsigned": lazy("A part of the file is opaque to the checks: confirm that you have looked at it yourself."),
    "no_requirement_remark": lazy("To return, add at least one remark at the level “requirement”."),
    "reason_needed": lazy("Write the reason: the author will receive it."),
    "unknown_decision": lazy("Choose a decision."),
}
ACTS = {
    "publish": lazy("Publish"),
    "return": lazy("Return for revision"),
    "reject": lazy("Reject"),
    "letter": lazy("See the e-mail"),
    "opaque": lazy("Sign for what is opaque to the checks"),
    "remark": lazy("A remark of one's own"),
    "templates": lazy("Search among the templates"),
    "finding": lazy("The finding in hand: to remarks"),
    "old": lazy("Next remark of the previous version, its change beside it"),
    "carry": lazy("Carry the old remark over, go to the next"),
    "checklist": lazy("Checklist"),
    "more_points": lazy("The next nine points under the digits"),
    "remarks": lazy("Remarks"),
    "decision": lazy("Decision"),
    "notes": lazy("Notes"),
    "left": lazy("Left pane"),
    "right": lazy("Right pane"),
    "down": lazy("Scroll the pane down"),
    "up": lazy("Scroll the pane up"),
    "previous_content": lazy("Previous content of the pane"),
    "next_content": lazy("Next content of the pane"),
    "pair": lazy("Next pair of the panes"),
    "next_mark": lazy("Next finding or change"),
    "previous_mark": lazy("Previous finding or change"),
    "take": lazy("Take into work"),
    "skip": lazy("Skip"),
    "why": lazy("Why this deadline"),
    "help": lazy("These keys"),
}
REFUSALS = {
    "key_taken": lazy("This key is taken: %(key)s — “%(act)s”. Press another one, or move that act first."),
    "key_unfit": lazy("This key cannot be given: choose a letter or a punctuation mark."),
    "already_submitted": lazy("The model has already been submitted."),
    "already_decided": lazy("This submission has already been decided."),
    "not_awaiting_review": lazy("This submission is not waiting for review any more."),
    "claimed": lazy("A colleague has taken this submission: %(by)s."),
    "assigned": lazy("It is assigned to a colleague: %(by)s. To take it all the same, take it over and say why."),
    "claim_lost": lazy("The claim has lapsed. What you typed is kept; take the submission again."),
    "looked_at_has_changed": lazy(
        "The files or checks have changed since you opened the page. Look at them again; what you typed is kept."
    ),
    "blocked": lazy("The decision is blocked."),
    "incomplete": lazy("Not everything is filled in."),
    "not_found": lazy("There is no such thing, or it is not yours."),
    "not_a_draft": lazy("The submission can no longer be changed."),
    "not_editable": lazy("This version cannot be edited now."),
    "newer_draft": lazy("The draft was changed in another window. Reload the page to see the newer text."),
    "too_long": lazy("The text is too long."),
    "unknown_field": lazy("Unknown field."),
    "reason_needed": lazy("Write the reason."),
    "name_needed": lazy("Give it a name."),
    "whom_needed": lazy("Choose to whom."),
    "nothing_selected": lazy("Select at least one submission."),
    "words_needed": lazy("Write which value is missing."),
    "unknown_dictionary": lazy("Unknown dictionary."),
    "contact_needed": lazy("Give your name and e-mail so that we can answer."),
    "own_listing": lazy("%(person)s cannot moderate a model of their own."),
    "own_team": lazy("%(person)s cannot moderate a model of their own organisation."),
    "not_a_moderator": lazy("%(person)s is not a moderator."),
    "not_yours": lazy("The submission is not in your work."),
    "check_running": lazy("The check is running already."),
    "cannot_exempt_rejecting": lazy("A file with a violation of a requirement cannot be exempted."),
    "wrong_state": lazy("This cannot be done in the present state of the submission."),
    "wrong_extension": lazy("Files of this type are not accepted here. Accepted: %(allowed)s."),
    "too_large": lazy("The file is larger than allowed: at most %(limit)s."),
    "empty_file": lazy("The file is empty."),
    "upload_gone": lazy("The upload was not found: start it again."),
    "malformed": lazy("The page sent something unreadable. Reload it."),
    "unfilled": lazy("Fill in the placeholders of the remarks: %(names)s."),
    "no_such_instant": lazy("Give a date and a time."),
    "deadline_has_passed": lazy("The new deadline has already passed."),
    "on_hold": lazy("The submission is on hold: end the hold first."),
    "choose_colleague": lazy("Choose a colleague."),
    "not_archived": lazy("The submission is not in the archive any more."),
    "bad_shift": lazy("A shift has to end after it begins."),
    "shifts_overlap": lazy("Two shifts of one day overlap."),
    "bad_absence": lazy("Give the first and the last day of an absence, in this order."),
    "bad_capacity": lazy("Give a number of submissions up to %(most)s."),
    "unknown_kind": lazy("Choose what kind of day it becomes."),
    "no_such_day": lazy("Give a date."),
    "beyond_calendar": lazy("The calendar does not reach that far."),
    "day_is_so_already": lazy("The day is of that kind already: nothing would change."),
    "day_changed": lazy("Somebody else has just changed this day. Look at it again."),
    "already_on_hold": lazy("The submission is on hold already."),
    "not_on_hold": lazy("The submission is not on hold."),
}
WHY = {
    "jail.timeout": lazy("the parser did not finish in time"),
    "jail.memory": lazy("the parser ran out of memory"),
    "jail.crashed": lazy("the parser crashed"),
    "no_config": lazy("the archive holds no Docker config"),
    "not_an_archive": lazy("the model was sent as a file, not as an archive with a Docker config"),
}
OUTCOMES = {"fixed": lazy("fixed"), "not_fixed": lazy("not fixed"), "unclear": lazy("unclear")}
EVIDENCE = {
    "finding_still": lazy("the finding is still there"),
    "finding_gone": lazy("the finding is gone"),
    "file_same": lazy("the file is the same"),
    "file_changed": lazy("the file has changed"),
    "text_same": lazy("the text is the same"),
    "text_changed": lazy("the text has changed"),
}
TRIALS = {
    "passed": lazy("Installed and answers"),
    "author_fault": lazy("It does not start: the author has to mend it"),
    "limit": lazy("It went past a limit"),
    "infrastructure": lazy("It was not tried: our infrastructure failed"),
    "not_applicable": lazy("Not needed: there is no Docker config"),
}
TRIAL_PROGRESS = {
    "read": lazy("reading the config"),
    "pulled": lazy("pulling the image"),
    "built": lazy("building the image"),
    "started": lazy("starting the containers"),
    "answered": lazy("waiting for an answer"),
    "page": lazy("taking a picture of the page"),
    "stopped": lazy("stopping"),
}
TRIAL_STEPS = {
    "read": lazy("Reading the config"),
    "linted": lazy("Linting the config"),
    "pulled": lazy("Pulling the image"),
    "built": lazy("Building the image"),
    "started": lazy("Starting the container"),
    "answered": lazy("Waiting for the answer"),
    "page": lazy("Picture of the page"),
    "stopped": lazy("Stopping"),
    "cleaned": lazy("Cleaned up"),
}
MARKS = {  # of an archive's members, and of objects in HDF5
    "encrypted": lazy("under a password"),
    "traversal": lazy("leads out of the folder"),
    "link": lazy("link"),
    "folder": lazy("folder"),
    "special": lazy("special file"),
    "group": lazy("group"),
    "soft link": lazy("soft link"),
    "hard link": lazy("hard link"),
    "external link": lazy("link to another file"),
}
PREVIEWS = {
    "table": lazy("table"),
    "tree": lazy("tree of entries"),
    "document": lazy("document"),
    "text": lazy("text"),
    "image": lazy("picture"),
    "audio": lazy("sound"),
    "video": lazy("video"),
    "pickle": lazy("Python object"),
    "binary": lazy("program"),
    "none": lazy("not shown: too large"),
}
COLUMN_TYPES = {
    "number": lazy("number"),
    "integer": lazy("whole number"),
    "text": lazy("text"),
    "string": lazy("text"),
    "boolean": lazy("yes or no"),
    "date": lazy("date"),
    "datetime": lazy("date and time"),
    "empty": lazy("empty"),
}
TABLES: Mapping[str, Mapping[str, str]] = {
    "author_state": AUTHOR_STATES,
    "state": STATES,
    "slot": SLOTS,
    "field": FIELDS,
    "severity": SEVERITIES,
    "verdict": VERDICTS,
    "check_kind": CHECK_KINDS,
    "check_state": CHECK_STATES,
    "reason": REASONS,
    "event": EVENTS,
    "role": ROLES,
    "letter": LETTERS,
    "blocker": BLOCKERS,
    "refusal": REFUSALS,
    "act": ACTS,
    "outcome": OUTCOMES,
    "evidence": EVIDENCE,
    "why": WHY,
    "column_type": COLUMN_TYPES,
    "mark": MARKS,
    "preview": PREVIEWS,
    "outcome_of_trial": TRIALS,
    "trial_step": TRIAL_STEPS,
    "trial_progress": TRIAL_PROGRESS,
}
COLOURS = {
    "state": STATE_COLOURS,
    "author_state": STATE_COLOURS,
    "severity": SEVERITY_COLOURS,
    "check_state": CHECK_COLOURS,
    "reason": REASON_COLOURS,
}


def word(name: str, table: str, **values: Any) -> str:
    """The word for ``name`` in a table, in the reader's language."""
    text = TABLES[table].get(str(name))
    return gettext(text, **values) if text else str(name)


def colour(name: str, table: str) -> str:
    """The colour that goes with the word; never the only carrier of the meaning."""
    return COLOURS[table].get(str(name), "secondary")


def refusal(reason: str, params: Mapping[str, Any] | None = None) -> str:
    """Why something was not done, in the reader's language."""
    text = REFUSALS.get(reason)
    if text is None:
        return reason
    if params and "act" in params:
        params = {**params, "act": word(str(params["act"]), "act")}
    try:
        return gettext(text, **(params or {})) if "%(" in text else gettext(text)
    except KeyError:
        return gettext(text)


@pass_context
def _word(_context: Context, name: str, table: str, **values: Any) -> str:
    """``word`` for templates. Without the context Jinja would translate a constant once, for the first reader, when it compiles."""
    return word(name, table, **values)


def spoken(text: Any) -> str:
    """What checks keep in both languages, in the reader's."""
    return sentences.spoken(str(text), language())


FILTERS = {"word": _word, "colour": colour, "spoken": spoken}
