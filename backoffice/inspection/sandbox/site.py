"""Where images are built: the holder's network namespace, without a network or with the operator's proxy alone (M6)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from backoffice.inspection.sandbox import holder, relay, witness
from backoffice.inspection.sandbox.client import Infrastructure, Session
from backoffice.inspection.sandbox.plan import Refused
from backoffice.inspection.sandbox.transcript import shown

VARIABLES = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "http_proxy",
    "https_proxy",
)  # build arguments that need no ARG and stay out of the image


@dataclass(frozen=True, slots=True)
class Site:
    """What the engine is told about a build's network."""

    holder: holder.Holder
    arguments: dict[str, str] = field(default_factory=dict)

    @property
    def proxied(self) -> bool:
        """Whether the operator's proxy can be reached."""
        return bool(self.arguments)


@contextmanager
def opened(session: Session, place: holder.Holder) -> Iterator[Site]:
    """A site for the builds of one attempt. What they asked for is recorded when the block ends, however it ends."""
    proxy = session.terms.build_proxy
    with ExitStack() as stack:
        refusing = stack.enter_context(witness.refusing(place.pid))
        seconds = session.terms.whole("build_seconds")
        passing = stack.enter_context(witness.relaying(place.pid, proxy, seconds=seconds)) if proxy else None
        refusing.ready()
        if passing:
            passing.ready()
        address = "http://{}:{}".format(*relay.ADDRESS)
        try:
            yield Site(place, dict.fromkeys(VARIABLES, address) if passing else {})
        except Refused as refused:
            if passing and relay.AWAY in passing.names():
                raise Infrastructure("proxy_failed", proxy) from refused
            raise
        finally:
            _record(session, place, refusing.names(), passing)


def _record(session: Session, place: holder.Holder, lookups: dict[str, int], passing: witness.Witness | None) -> None:
    recorder = session.recorder
    proxied = {name: times for name, times in passing.names().items() if name != relay.AWAY} if passing else {}
    attempts = place.attempts() + sum(lookups.values())
    recorder.transcript.building = {"attempts": attempts, "lookups": lookups, "proxied": proxied}
    if attempts:
        recorder.see("build.called", count=attempts, names=shown(lookups))
    if proxied:
        recorder.see("build.proxied", count=sum(proxied.values()), names=shown(proxied))
