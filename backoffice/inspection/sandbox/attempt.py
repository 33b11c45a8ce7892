"""Try-installing the demo Docker config of an archive, from the archive to the answer (A10, M6)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from backoffice.domain.verdicts import Severity
from backoffice.inspection.sandbox import bundle, containers, holder, images, picture, policy, reading, reaper
from backoffice.inspection.sandbox.client import ENGINE_ERRORS, Infrastructure, Session, said
from backoffice.inspection.sandbox.plan import Plan, Refused
from backoffice.inspection.sandbox.policy import Terms
from backoffice.inspection.sandbox.probe import Answer
from backoffice.inspection.sandbox.transcript import Recorder, Tried, shown, tried
from backoffice.inspection.sandbox.watch import Watch

PICTURE, BUNDLE = "screenshot.png", "bundle.tar.gz"


def version() -> str:
    """The version under which attempts are stored: a changed policy makes old ones stale."""
    return policy.version()


@dataclass(frozen=True, slots=True)
class Sample:
    """The author's data example and its name."""

    path: Path | None
    name: str


def try_install(
    archive: Path,
    *,
    name: str,
    data: Path | None = None,
    data_name: str = "",
    engine: str = "",
    terms: Terms | None = None,
    progress: Callable[[str], None] | None = None,
) -> Tried:
    """Read the config; if it is accepted, bring the image, run it locked down, look at its page, stop it and clean up.

    ``engine`` is the engine's address ("unix:///…"). Never raises for what an author can cause. Whatever of ours fails is the outcome
    ``infrastructure``, which is retried and never speaks against the author.
    """
    recorder, terms = Recorder(progress), terms or policy.terms()
    try:
        with recorder.step("read") as step, ExitStack() as stack:
            plan, folder = stack.enter_context(reading.read(archive, name=name))
            step.detail = plan.file
            kept = stack.pop_all()
        with kept:
            return _judge(plan, folder, recorder, sample=Sample(data, data_name), engine=engine, terms=terms)
    except reading.NoJail as error:
        return tried(recorder, reason="no_jail", outcome="infrastructure", detail=str(error))


def _judge(plan: Plan, folder: Path, recorder: Recorder, *, sample: Sample, engine: str, terms: Terms) -> Tried:
    if not plan.kind:
        return tried(recorder, reason=plan.reason, outcome="not_applicable")
    if "linted" in plan.facts:
        recorder.within("linted", seconds=plan.facts["lint_seconds"], detail="hadolint")
    recorder.transcript.config = {"kind": plan.kind, "file": plan.file, "texts": plan.texts, **plan.facts}
    for seen in plan.seen:
        recorder.see(seen.rule, file=seen.file, line=seen.line, **seen.params)
    if any(finding.severity == Severity.REQUIREMENT for finding in recorder.findings):
        return tried(recorder, reason="refused", outcome=policy.outcome_of(recorder.findings))
    recorder.files.append((BUNDLE, "application/gzip", bundle.make(plan, terms)))
    tag = f"mlplace-try-{secrets.token_hex(6)}"
    try:
        with reaper.alone(engine, seconds=terms.limits["waiting_seconds"]) as api:
            session = Session(api, engine, terms, recorder, tag)
            _note_engine(session)
            _install(session, plan, folder, sample)
    except Refused as refused:
        seen = refused.seen
        recorder.see(seen.rule, file=seen.file, line=seen.line, **seen.params)
    except Infrastructure as error:
        return tried(recorder, reason=error.reason, outcome="infrastructure", detail=error.detail)
    except ENGINE_ERRORS as error:
        return tried(recorder, reason="engine_failed", outcome="infrastructure", detail=said(error))
    return tried(recorder)


def _note_engine(session: Session) -> None:
    facts = session.api.version()
    session.recorder.transcript.engine = {
        "version": str(facts.get("Version", "")),
        "api": str(facts.get("ApiVersion", "")),
        "kernel": str(facts.get("KernelVersion", "")),
        "runtime": session.terms.runtime or "runc",
    }


def _install(session: Session, plan: Plan, folder: Path, sample: Sample) -> None:
    recorder = session.recorder
    with ExitStack() as stack:
        place = stack.enter_context(holder.held(session, [service.name for service in plan.services]))
        ids = images.bring(session, plan, folder, place)
        with recorder.step("started") as step:
            launch = containers.Launch(plan, ids, folder, place, sample.path, sample.name)
            crew = stack.enter_context(containers.running(session, launch))
            step.detail = ", ".join(crew.services)
        watch = Watch(session, plan, crew)
        try:
            with recorder.step("answered") as step:
                answer = watch.until_answer()
                step.detail = f":{answer.port} {answer.status}"
            _look(watch, answer)
            with recorder.step("stopped"):
                watch.sample()
                watch.stop()
        finally:
            watch.record()


def _look(watch: Watch, answer: Answer) -> None:
    """What a client would see: the page, its picture, and what stands in the way of reaching it."""
    recorder, terms, file = watch.session.recorder, watch.session.terms, watch.plan.file
    transcript = recorder.transcript
    transcript.http = [asdict(row) for row in sorted(watch.answers.values(), key=lambda row: (row.port != answer.port, row.port))]
    service = watch.plan.services[0].name
    transcript.image = next((row for row in transcript.images if row["service"] == service), {})
    if len(watch.ports) > terms.limits["ports"]:
        recorder.see("run.many_ports", file=file, count=len(watch.ports), limit=terms.whole("ports"))
    if answer.status >= 400:
        recorder.see("run.client_error", file=file, port=answer.port, status=answer.status)
    if any(port.number == answer.port and port.loopback for port in watch.ports):
        recorder.see("run.loopback", file=file, port=answer.port)
    if answer.port not in {port for each in watch.plan.services for port in each.ports}:
        recorder.see("run.undeclared", file=file, port=answer.port)
    seconds = terms.limits["page_seconds"] and terms.limits["notebook_seconds" if answer.jupyter else "page_seconds"]
    if not seconds:
        return
    with recorder.step("page") as step:
        logs = "\n".join(watch.log(name) for name in watch.crew.services)
        found = picture.take(watch.crew.holder.pid, answer, seconds=seconds, logs=logs)
        if isinstance(found, str):
            recorder.see("run.no_picture", file=file, detail=found)
            step.detail = found
            return
        step.detail = found.title
        if found.hosts:
            recorder.see("run.outside", file=file, names=shown(found.hosts))
        row = transcript.http[0]
        row |= {"title": found.title or row["title"], "text": found.text, "path": found.path}
        recorder.files.append((PICTURE, "image/png", found.png))
        transcript.screenshot = PICTURE
