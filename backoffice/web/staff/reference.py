"""Reference tables and logs: Flask-Admin's CRUD, restyled. What has a history is never deleted, and the logs are read-only."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import flash, redirect, request, url_for
from flask_admin import expose
from flask_admin.contrib.peewee import ModelView
from flask_admin.form import BaseForm
from flask_login import current_user
from markupsafe import Markup, escape
from peewee import ForeignKeyField
from werkzeug.wrappers import Response
from wtforms import Form, SelectField, SelectMultipleField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from backoffice.clock import utcnow
from backoffice.domain.drafts import DICTIONARIES
from backoffice.domain.events import Event
from backoffice.domain.permissions import Role as RoleName
from backoffice.i18n import gettext, lazy, ngettext
from backoffice.store import audit, outbox
from backoffice.store.audit import Audit
from backoffice.store.base import InstantField, JsonField, db
from backoffice.store.listings import DictionaryRequest, DictionaryValue, FullVersionRequest
from backoffice.store.moderation import RemarkTemplate
from backoffice.store.outbox import HookCall, HookEndpoint, Job, Mail
from backoffice.store.people import Person, remember_roles
from backoffice.usecases.people import set_roles
from backoffice.web import wording, words
from backoffice.web.staff.base import KEEPERS, LEADS

TABLES, LOGS, REQUESTS = lazy("Reference tables"), lazy("Logs"), lazy("Requests")


def _named(table: str) -> list[tuple[str, str]]:
    """Names with their words, for a choice."""
    return [(name, words.word(name, table)) for name in words.TABLES[table]]


class Table(ModelView):
    """A table of the staff: our templates, no deletion, every write in a transaction with an audit row."""

    roles: ClassVar[frozenset[str]] = KEEPERS
    can_delete = False
    can_view_details = True
    column_display_actions = True
    page_size = 50
    list_template = "admin/model/list.html"

    def is_accessible(self) -> bool:
        """Who may see it in a menu."""
        return bool(current_user.is_authenticated and current_user.role_names() & self.roles)

    def _get_list_value(self, context: Any, model: Any, name: str, *rest: Any) -> Any:
        """Instants, JSON and yes/no as people read them."""
        if name in self.column_formatters:  # even to look at a foreign key is a query
            return super()._get_list_value(context, model, name, *rest)
        field = self.model._meta.fields.get(name)
        value = getattr(model, name, None)
        if isinstance(field, InstantField):
            return wording.short_instant(value)
        if isinstance(field, JsonField):
            return Markup('<code class="text-break">%s</code>') % str(value)[:300] if value else ""
        if isinstance(value, bool):
            return gettext("Yes") if value else gettext("No")
        return super()._get_list_value(context, model, name, *rest)

    def get_list(self, *asked: Any, **named: Any) -> tuple[int, list[Any]]:
        """One page. What its rows point to comes with one query a column, not one a row."""
        count, found = super().get_list(*asked, **named)
        rows = list(found)
        for name in self.column_list:
            field = self.model._meta.fields.get(name)
            if isinstance(field, ForeignKeyField) and name not in self.column_formatters:
                ids = {getattr(row, field.object_id_name) for row in rows}
                known = {each.id: each for each in field.rel_model.select().where(field.rel_model.id.in_(ids))}
                for row in rows:
                    setattr(row, name, known.get(getattr(row, field.object_id_name)))
        return count, rows

    def create_model(self, form: Form) -> Any:
        """All or nothing."""
        with db.atomic():
            return super().create_model(form)

    def update_model(self, form: Form, model: Any) -> Any:
        """All or nothing."""
        with db.atomic():
            return super().update_model(form, model)

    def after_model_change(self, form: Form, model: Any, is_created: bool) -> None:
        """Who changed what."""
        audit.record(
            Event.SETTING_CHANGED,
            now=utcnow(),
            person=current_user,
            table=self.model._meta.table_name,
            row=model.id,
            new=is_created,
        )


class Log(Table):
    """Looked at, never written."""

    can_create = can_edit = False
    column_default_sort = ("id", True)

    def scaffold_form(self) -> type[Form]:
        """No form: nothing is written."""
        return BaseForm

    def after_model_change(self, form: Form, model: Any, is_created: bool) -> None:
        """Nothing changes here."""


class Dictionaries(Table):
    """«Отрасль», «Технология», «Эффект» (A6). A value is switched off, never deleted."""

    column_list = ("kind", "ru", "en", "active", "position")
    column_filters: ClassVar[list[str]] = []
    column_searchable_list = ("ru", "en")
    column_default_sort = ("kind", False)
    form_columns = ("kind", "ru", "en", "active", "position")
    column_formatters: ClassVar[dict[str, Any]] = {"kind": lambda _v, _c, row, _n: words.word(row.kind, "field")}
    form_overrides: ClassVar[dict[str, Any]] = {"kind": SelectField}
    form_args: ClassVar[dict[str, Any]] = {
        "kind": {"choices": lambda: [pair for pair in _named("field") if pair[0] in DICTIONARIES]}
    }
    column_labels: ClassVar[dict[str, str]] = {
        "kind": lazy("Dictionary"),
        "ru": lazy("In Russian"),
        "en": lazy("In English"),
        "active": lazy("In use"),
        "position": lazy("Order"),
    }


class Templates(Table):
    """Canned remarks kept by staff; a row of the same name and language with a higher version wins (A14)."""

    roles = LEADS
    column_list = ("name", "version", "language", "level", "slot", "field", "active", "updated_at")
    column_searchable_list = ("name", "text")
    form_columns = ("name", "version", "language", "level", "slot", "field", "condition", "text", "active")
    form_overrides: ClassVar[dict[str, Any]] = {"text": TextAreaField} | dict.fromkeys(
        ("level", "language", "slot", "field"), SelectField
    )
    form_args: ClassVar[dict[str, Any]] = {
        "level": {"choices": lambda: _named("severity")},
        "language": {"choices": [SelectChoice("ru", "Русский"), SelectChoice("en", "English")]},
        "slot": {"choices": lambda: [("", "—"), *_named("slot")]},
        "field": {"choices": lambda: [("", "—"), *_named("field")]},
        "condition": {"validators": [Optional()]},
    }
    column_labels: ClassVar[dict[str, str]] = {
        "name": lazy("Name"),
        "version": lazy("Version"),
        "language": lazy("Language"),
        "level": lazy("Level"),
        "slot": lazy("File"),
        "field": lazy("Card section"),
        "condition": lazy("Offered when"),
        "text": lazy("Text; {placeholders} in braces"),
        "active": lazy("In use"),
        "updated_at": lazy("Changed"),
    }

    def on_model_change(self, form: Form, model: Any, is_created: bool) -> None:
        """Who and when."""
        model.updated_at, model.updated_by = utcnow(), current_user.id


class People(Table):
    """Accounts and their roles."""

    roles = frozenset({RoleName.ADMIN, RoleName.LEAD})
    can_create = False
    column_list = ("name", "email", "roles", "team", "active", "capacity")
    column_searchable_list = ("name", "email")
    form_columns = ("name", "team", "active", "capacity")
    form_extra_fields: ClassVar[dict[str, Any]] = {
        "role_names": SelectMultipleField(
            lazy("Roles"),
            choices=[SelectChoice(str(role), words.ROLES[role]) for role in RoleName],
            widget=ListWidget(prefix_label=False),
            option_widget=CheckboxInput(),
        )
    }
    form_args: ClassVar[dict[str, Any]] = {"team": {"validators": [Optional()]}}
    column_formatters: ClassVar[dict[str, Any]] = {
        "roles": lambda _v, _c, row, _n: ", ".join(words.word(name, "role") for name in sorted(row.role_names()))
    }
    column_labels: ClassVar[dict[str, str]] = {
        "name": lazy("Full name"),
        "email": lazy("E-mail"),
        "roles": lazy("Roles"),
        "team": lazy("Organisation"),
        "active": lazy("May sign in"),
        "capacity": lazy("Open submissions at once"),
    }

    def get_list(self, *asked: Any, **named: Any) -> tuple[int, list[Any]]:
        """With everybody's roles."""
        count, rows = super().get_list(*asked, **named)
        remember_roles(rows)
        return count, rows

    def on_form_prefill(self, form: Form, id: Any) -> None:  # noqa: A002  (Flask-Admin's name)
        """The roles the person has."""
        form.role_names.data = sorted(Person.get_by_id(id).role_names())

    def on_model_change(self, form: Form, model: Person, is_created: bool) -> None:
        """Only an administrator gives or takes roles."""
        if RoleName.ADMIN in current_user.role_names():
            set_roles(model, form.role_names.data or [], now=utcnow(), by=current_user)


class Endpoints(Table):
    """Where publications are announced. The built-in catalog's address and secret come from the settings."""

    roles = frozenset({RoleName.ADMIN})
    column_list = ("name", "url", "active")
    form_columns = ("name", "url", "secret", "active")
    column_details_list = ("name", "url", "active", "created_at")
    column_labels: ClassVar[dict[str, str]] = {
        "name": lazy("Name"),
        "url": lazy("Address"),
        "secret": lazy("Secret (whsec_…)"),
        "active": lazy("In use"),
    }

    def on_model_change(self, form: Form, model: Any, is_created: bool) -> None:
        """When it came to be."""
        if is_created:
            model.created_at = utcnow()


class ValueRequests(Table):
    """Authors ask for dictionary values (A6)."""

    can_create = False
    column_list = ("created_at", "person", "kind", "words", "answer", "closed_at")
    form_columns = ("answer",)
    form_overrides: ClassVar[dict[str, Any]] = {"answer": TextAreaField}
    column_formatters = Dictionaries.column_formatters
    column_labels: ClassVar[dict[str, str]] = {
        "created_at": lazy("When"),
        "person": lazy("Author"),
        "kind": lazy("Dictionary"),
        "words": lazy("Request"),
        "answer": lazy("Answer"),
        "closed_at": lazy("Closed"),
    }

    def on_model_change(self, form: Form, model: Any, is_created: bool) -> None:
        """An answer closes it."""
        model.closed_at, model.closed_by = utcnow(), current_user.id


class FullVersions(Table):
    """Visitors ask for full versions (C2); saving marks the request as handled."""

    can_create = False
    column_list = ("created_at", "listing", "name", "email", "company", "message", "handled_at")
    form_columns = ("message",)
    form_overrides: ClassVar[dict[str, Any]] = {"message": TextAreaField}
    column_labels: ClassVar[dict[str, str]] = {
        "created_at": lazy("When"),
        "listing": lazy("Model"),
        "name": lazy("Name"),
        "email": lazy("E-mail"),
        "company": lazy("Company"),
        "message": lazy("Request"),
        "handled_at": lazy("Handled"),
    }

    def on_model_change(self, form: Form, model: Any, is_created: bool) -> None:
        """Handled by whoever saves."""
        model.handled_at, model.handled_by = utcnow(), current_user.id


class AuditLog(Log):
    """Who did what."""

    column_list = ("at", "person", "submission", "action", "data")
    column_formatters: ClassVar[dict[str, Any]] = {
        "action": lambda _v, _c, row, _n: words.word(row.action, "event"),
        "submission": lambda _v, _c, row, _n: _submission_link(row.submission_id),
    }
    column_labels: ClassVar[dict[str, str]] = {
        "at": lazy("When"),
        "person": lazy("Who"),
        "submission": lazy("Submission"),
        "action": lazy("What"),
        "data": lazy("Detail"),
    }


def _submission_link(submission_id: int | None) -> str | Markup:
    if submission_id is None:
        return ""
    return Markup('<a href="%s">%s</a>') % (url_for("staff_review.show", submission_id=submission_id), f"№ {submission_id}")


class Letters(Log):
    """Every letter as it was sent."""

    column_list = ("created_at", "recipient", "subject", "submission_id", "sent_at")
    column_searchable_list = ("recipient", "subject")
    column_details_list = ("created_at", "sent_at", "recipient", "subject", "text", "message_id")
    column_formatters: ClassVar[dict[str, Any]] = {
        "submission_id": lambda _v, _c, row, _n: _submission_link(row.submission_id),
        "text": lambda _v, _c, row, _n: Markup('<div class="prewrap">%s</div>') % escape(row.text),
    }
    column_labels: ClassVar[dict[str, str]] = {
        "created_at": lazy("Written"),
        "recipient": lazy("To"),
        "subject": lazy("Subject"),
        "submission_id": lazy("Submission"),
        "sent_at": lazy("Sent"),
        "text": lazy("Text"),
    }


class Hooks(Log):
    """Every hook call."""

    column_list = ("created_at", "event", "submission_id", "delivered_at", "status")
    column_formatters = Letters.column_formatters
    column_labels: ClassVar[dict[str, str]] = {
        "created_at": lazy("When"),
        "event": lazy("Event"),
        "submission_id": lazy("Submission"),
        "delivered_at": lazy("Delivered"),
        "status": lazy("Answer"),
        "body": lazy("Content"),
    }


class DeadLetters(Log):
    """What could not be delivered or checked, with «отправить ещё раз»."""

    list_template = "staff/dead_letters.html"
    can_view_details = False
    column_list = ("created_at", "actor", "subject", "tries", "finished_at", "error")
    column_labels: ClassVar[dict[str, str]] = {
        "created_at": lazy("When"),
        "actor": lazy("Job"),
        "subject": lazy("Of"),
        "tries": lazy("Tries"),
        "finished_at": lazy("Given up"),
        "error": lazy("Why"),
    }

    def get_query(self) -> Any:
        """Only the dead ones."""
        return Job.select().where(Job.outcome == "dead")

    @expose("/again", methods=["POST"])
    def again(self) -> Response:
        """Start those anew."""
        ids = [int(value) for value in request.form.getlist("id") if value.isdecimal()]
        with db.atomic():
            count = outbox.again(ids, now=utcnow())
            audit.record(Event.DELIVERY_REPEATED, now=utcnow(), person=current_user, jobs=ids)
        flash(ngettext("%(num)s job will be done again.", "%(num)s jobs will be done again.", count), "success")
        return redirect(url_for(".index_view"))


def views() -> list[Any]:
    """For the staff's menu."""
    rows = (
        (Dictionaries, DictionaryValue, lazy("Dictionaries"), "staff_dictionaries", TABLES),
        (Templates, RemarkTemplate, lazy("Remark templates"), "staff_templates", TABLES),
        (People, Person, lazy("People"), "staff_people", TABLES),
        (Endpoints, HookEndpoint, lazy("Publication hooks"), "staff_endpoints", TABLES),
        (ValueRequests, DictionaryRequest, lazy("Dictionary requests"), "staff_value_requests", REQUESTS),
        (FullVersions, FullVersionRequest, lazy("Full version requests"), "staff_full_versions", REQUESTS),
        (AuditLog, Audit, lazy("Audit log"), "staff_audit", LOGS),
        (Letters, Mail, lazy("Letters"), "staff_letters", LOGS),
        (Hooks, HookCall, lazy("Hook calls"), "staff_hooks", LOGS),
        (DeadLetters, Job, lazy("Undelivered"), "staff_dead", LOGS),
    )
    return [
        view(
            model, name=name, endpoint=endpoint, url=f"/staff/{endpoint.removeprefix('staff_').replace('_', '-')}", category=group
        )
        for view, model, name, endpoint, group in rows
    ]
