"""Try-installing the demo Docker config of an archive, from the archive to the answer (A10, M6)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from backoffice.domain.verdicts import Severity
from backoffice.inspection.sandbox import policy, reading
from backoffice.inspection.sandbox.plan import Plan
from backoffice.inspection.sandbox.transcript import Recorder, Tried, tried


def version() -> str:
    """The version under which attempts are stored: a changed policy makes old ones stale."""
    return policy.version()


def try_install(
    archive: Path,
    *,
    name: str,
    data: Path | None = None,  # noqa: ARG001
    data_name: str = "",  # noqa: ARG001
    engine: str = "",  # noqa: ARG001
    progress: Callable[[str], None] | None = None,
) -> Tried:
    """Read the config; if it is accepted, bring the image, run it locked down, look at its page, stop it and clean up.

    ``engine`` is the engine's address ("unix:///…"). Never raises for what an author can cause. Whatever of ours fails is the outcome
    ``infrastructure``, which is retried and never speaks against the author.
    """
    recorder = Recorder(progress)
    try:
        with reading.read(archive, name=name) as (plan, _):
            with recorder.step("read") as step:
                step.detail = plan.file
            return _judge(plan, recorder)
    except reading.NoJail as error:
        return tried(recorder, reason="no_jail", outcome="infrastructure", detail=str(error))


def _judge(plan: Plan, recorder: Recorder) -> Tried:
    if not plan.kind:
        return tried(recorder, reason=plan.reason, outcome="not_applicable")
    recorder.transcript.config = {"kind": plan.kind, "file": plan.file, "text": plan.text, **plan.facts}
    for seen in plan.seen:
        recorder.see(seen.rule, file=seen.file, line=seen.line, **seen.params)
    if any(finding.severity == Severity.REQUIREMENT for finding in recorder.findings):
        return tried(recorder, reason="refused", outcome=policy.outcome_of(recorder.findings))
    return tried(recorder, reason="no_engine", outcome="infrastructure", detail="docker")
