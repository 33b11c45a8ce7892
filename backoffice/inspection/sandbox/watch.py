"""Following the containers of an attempt: until the demo answers, and what it used meanwhile (M6)."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docker.errors import APIError

from backoffice.inspection.sandbox import cgroups, netns
from backoffice.inspection.sandbox.client import ENGINE_ERRORS, Infrastructure, Session, said
from backoffice.inspection.sandbox.containers import Crew
from backoffice.inspection.sandbox.plan import Plan, Refused, Service
from backoffice.inspection.sandbox.probe import Answer
from backoffice.inspection.sandbox.transcript import plain, shown

REQUEST = 4.0  # seconds for one request of the probe
CALM = 20.0  # seconds for a page that answered already, asked once more for all it has to tell
SETTLE = 10.0  # seconds that the ports the config names have after another port answered
ENDS = 60  # seconds for a container that was killed
EVERY = 0.25  # seconds between two looks
LOG_SHOWN = 20_000  # characters of one service's log
KILLED = 137
NOT_STARTED = re.compile(r"^\[FATAL tini \(\d+\)\] (.*)$", re.MULTILINE)  # the engine's init could not run the command


@dataclass(slots=True)
class Use:
    """What one service used so far."""

    memory_peak: int = 0
    cpu_seconds: float = 0.0
    pids_peak: int = 0
    written: int = 0
    met_pids: int = 0  # times it met the limit of processes
    oom: int = 0  # processes the kernel killed for memory
    log_over: bool = False

    def note(self, now: cgroups.Used) -> None:
        """Nothing of it ever gets less; a group that goes away meanwhile says nothing."""
        for name in ("memory_peak", "cpu_seconds", "pids_peak", "written", "met_pids", "oom"):
            setattr(self, name, max(getattr(self, name), getattr(now, name)))


@dataclass(slots=True)
class Watch:
    """Everything known about the running containers."""

    session: Session
    plan: Plan
    crew: Crew
    began: float = field(default_factory=time.monotonic)
    uses: dict[str, Use] = field(default_factory=dict)
    answers: dict[int, Answer] = field(default_factory=dict)
    ports: list[netns.Port] = field(default_factory=list)
    refused: int = -1  # calls to the network by the services alone, before our browser came

    def until_answer(self) -> Answer:
        """Look again and again until a page answers. ``Refused`` when a service ends, or the time is over."""
        limit = self.session.terms.limits["start_seconds"]
        pause, first = threading.Event(), 0.0
        while True:
            left = limit - (time.monotonic() - self.began)
            self.ports = netns.listening(self.crew.holder.pid)
            answer = self._probe(min(REQUEST, max(1.0, left))) if self.ports else None
            first = first or (time.monotonic() if answer else 0.0)
            if answer and (self._expected(answer) or left <= 0 or time.monotonic() - first >= SETTLE):
                self._ask([answer.port], CALM)
                self.ports = netns.listening(self.crew.holder.pid)  # once more: some may have opened while they were listed
                self.sample()
                self.refused = self._calls()
                return self.answers[answer.port]
            self._still_there()
            if left <= 0:
                raise self._silent()
            pause.wait(EVERY)

    def _calls(self) -> int:
        return self.crew.holder.attempts() - self.crew.called

    def _declared(self) -> set[int]:
        return {port for service in self.plan.services for port in service.ports}

    def _expected(self, answer: Answer) -> bool:
        """Whether this is the page a client would open: a port that the config names, when it names any."""
        declared = self._declared()
        return not declared or answer.port in declared

    def _ask(self, numbers: list[int], seconds: float) -> None:
        """A port that answered once and is silent the next time stays answered."""
        for answer in netns.ask(self.crew.holder.pid, numbers, seconds=seconds):
            if answer.status or not (answer.port in self.answers and self.answers[answer.port].status):
                self.answers[answer.port] = answer

    def _probe(self, seconds: float) -> Answer | None:
        """Ask every port; the first that gives a page, an error page only when time is over."""
        declared = self._declared()
        numbers = sorted((port.number for port in self.ports), key=lambda n: (n not in declared, n))
        self._ask(numbers[: self.session.terms.whole("ports")], seconds)
        good = [answer for answer in self.answers.values() if 0 < answer.status < 500]
        return min(good, key=lambda a: (a.status >= 400, a.port not in declared, a.port)) if good else None

    def _silent(self) -> Refused:
        file = self.plan.file
        broken = next((answer for answer in self.answers.values() if answer.status), None)
        if broken:
            return Refused("run.error_page", file=file, port=broken.port, status=broken.status)
        garbage = next((answer for answer in self.answers.values() if answer.spoke), None)
        if garbage:
            return Refused("run.garbage", file=file, port=garbage.port)
        self.sample()
        for service in self.plan.services:
            if met := self._met(service):
                return met
        ports = ", ".join(str(port.number) for port in self.ports) or "—"
        return Refused("run.silent", file=file, seconds=self.session.terms.whole("start_seconds"), ports=ports)

    def _refused(self, rule: str, service: Service, **params: str | float) -> Refused:
        return Refused(rule, file=self.plan.file, line=service.line, service=service.name, **params)

    def _still_there(self) -> None:
        """A service that failed, or all that ended, end the attempt; one that did its work and left does not."""
        ended: list[tuple[Service, dict[str, Any]]] = []
        for service in self.plan.services:
            state = self.state(service.name)
            if not state["Running"]:
                ended.append((service, state))
        self.sample()
        for service, state in ended:
            if state["ExitCode"] != 0 or len(ended) == len(self.plan.services):
                raise self._exited(service, state)

    def _met(self, service: Service, *, oom: bool = False, well: bool = False) -> Refused | None:
        """The limit that a service met, if one. What filled its space and ended ``well`` had enough of it."""
        use, terms = self.uses.get(service.name, Use()), self.session.terms
        if oom or use.oom:
            return self._refused("run.memory", service, limit=terms.whole("memory"))
        if use.met_pids:
            return self._refused("run.processes", service, limit=terms.whole("pids"))
        full = next((space for space in self.crew.spaces[service.name] if space.full()), None)
        return self._refused("run.space", service, place=full.place, limit=full.limit) if full and not well else None

    def _exited(self, service: Service, state: dict[str, Any]) -> Refused:
        if met := self._met(service, oom=state["OOMKilled"], well=state["ExitCode"] == 0):
            return met
        if state["ExitCode"] in (126, 127) and (said_why := NOT_STARTED.search(self.log(service.name))):
            return self._refused("run.start", service, detail=said_why[1][:240])
        seconds = round(time.monotonic() - self.began, 1)
        return self._refused("run.exited", service, code=state["ExitCode"], seconds=seconds)

    def state(self, name: str) -> dict[str, Any]:
        """A container's state as the engine tells it."""
        try:
            state: dict[str, Any] = self.session.api.inspect_container(self.crew.services[name])["State"]
            return state
        except ENGINE_ERRORS as error:
            raise Infrastructure("engine_failed", said(error)) from error

    def sample(self) -> None:
        """Note what every running service uses now."""
        for name, container in self.crew.services.items():
            use = self.uses.setdefault(name, Use())
            with contextlib.suppress(*ENGINE_ERRORS):
                facts = self.session.api.inspect_container(container)
                pid = facts["State"]["Pid"]
                use.log_over = use.log_over or _overflowed(facts.get("LogPath") or "")
                if pid:
                    use.note(cgroups.used(pid, container))

    def stop(self) -> None:
        """Ask every service to stop, the last started first, and see how it goes."""
        limit = self.session.terms.whole("stop_seconds")
        for name, container in reversed(self.crew.services.items()):
            running = self.state(name)["Running"]
            try:
                self.session.api.stop(container, timeout=limit)
            except APIError:
                self._await_end(container)
            state = self.state(name)
            if running and state["ExitCode"] == KILLED and not state["OOMKilled"]:
                self.session.recorder.see("run.sigterm", file=self.plan.file, service=name, seconds=limit)

    def _await_end(self, container: str) -> None:
        """A busy engine gives up waiting for an end that it has brought about: the end counts."""
        try:
            with contextlib.suppress(APIError):  # it has ended meanwhile
                self.session.api.kill(container)
            self.session.api.wait(container, timeout=ENDS)
        except ENGINE_ERRORS as error:
            raise Infrastructure("engine_failed", said(error)) from error

    def record(self) -> None:
        """Write down everything the transcript shows, whatever the outcome. The engine may be gone: then as much as is known."""
        transcript, declared = self.session.recorder.transcript, self._declared()
        transcript.ports = [{"port": p.number, "loopback": p.loopback, "declared": p.number in declared} for p in self.ports]
        self.sample()
        transcript.lookups = self.crew.lookups.names()
        calls = self._calls() if self.refused < 0 else self.refused
        transcript.network_attempts = calls + sum(transcript.lookups.values())
        for name in self.crew.services:
            row: dict[str, Any] = {"name": name}
            with contextlib.suppress(Infrastructure):
                state = self.state(name)
                row |= {"running": state["Running"], "exit_code": state["ExitCode"], "oom": state["OOMKilled"]}
            use = self.uses.get(name, Use())
            row |= {
                "memory_peak": use.memory_peak,
                "cpu_seconds": use.cpu_seconds,
                "pids_peak": use.pids_peak,
                "written": use.written,
                "oom_kills": use.oom,
            }
            transcript.services.append(row)
            transcript.logs[name] = self.log(name)
            if use.log_over:
                limit = self.session.terms.whole("log_bytes")
                self.session.recorder.see("run.logs", file=self.plan.file, service=name, limit=limit)
        if transcript.network_attempts:
            names = shown(transcript.lookups)
            self.session.recorder.see("run.network", file=self.plan.file, count=transcript.network_attempts, names=names)

    def log(self, name: str) -> str:
        """The last lines of one service's log."""
        with contextlib.suppress(*ENGINE_ERRORS):
            said_all = self.session.api.logs(self.crew.services[name], tail=self.session.terms.whole("log_lines"))
            return plain(said_all.decode("utf-8", "replace"))[-LOG_SHOWN:]
        return ""


def _overflowed(path: str) -> bool:
    """The engine puts a full log aside under another name: it is there, so there was more than half of what is kept."""
    return bool(path) and Path(path + ".1").exists()
