"""Fifty moderators at work on the whole product: what each route costs them (the bar: pages 300 ms, interactions 100 ms at p95 on 2 cores).

python -m tests.benchmarks.moderators [--moderators 50] [--seconds 120] [--think 20] [--postgres]

The product runs as `make run` starts it, all its processes, with the demo and copies of its waiting submissions. Every moderator reads the queue,
takes the next one, looks into four panes and their previews, types three remarks (kept three times each, as the page does while one types), looks at
the letter and returns the submission; pages ask for news and keep the claim as their scripts do. Between two acts one reads for ``--think``
seconds in the mean: with 20 a decision takes each of them three to four minutes, which is fast for a person; with 3 it is as if there were some
two hundred of them. Everybody begins somewhere in the middle. The people are threads of this one process, which gives way to the product (nice 10).

Prints, for each route: requests; p50, p95 and p99 of the server's time in ms (gunicorn's %(D)s); p95 of what the caller waited, the way
through the sockets, the wait for a free thread and this process's own turn included; and whether it is under its bar. Beside it, how many cores were
used by the pages, by this program and by everything on the machine: what the product and this program do not explain was somebody else's load.
Exits with 0 when every route is under its bar.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import signal
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from backoffice.clock import utcnow
from backoffice.store import search
from backoffice.store.base import Row, db
from backoffice.store.checks import ArtifactCheck
from backoffice.store.listings import Listing, Submission
from backoffice.usecases import people
from backoffice.wiring import Wiring
from config.settings import Settings
from tests.benchmarks.million import somewhere
from tests.real.callers import Answer, Caller
from tests.real.product import Product

PAGE_BAR, INTERACTION_BAR = 300.0, 100.0  # ms of the server's time at p95
PAGES = {"GET /staff/queue/", "GET /staff/review/N", "GET /staff/review/ahead", "GET /preview"}
REMARK = {"text": "Опишите, на каких данных получена точность.", "level": "requirement", "field": "characteristics"}
WARMING = 15.0  # seconds in which everybody arrives; not counted
TYPING = 2.0  # seconds between two savings of a remark that is being typed
ACTIVE = 30.0  # seconds after which activity keeps the claim once more
NEWS = {"queue": 10.0, "review": 8.0}  # seconds between two looks of a page's script


def copies(count: int) -> None:
    """Waiting submissions like those of the demo, files and checks included, until there are ``count`` more."""
    originals = list(Submission.select().where((Submission.state == "awaiting_review") & (Submission.infected == False)))  # noqa: E712
    with db.atomic():
        for number in range(count):
            _copy(originals[number % len(originals)], number)


def _copy(original: Submission, number: int) -> None:
    now = utcnow()
    listing = Listing.create(owner=original.author, title=original.title, created_at=now)
    deadline = now + timedelta(minutes=10 * number)
    made = _again(
        original, listing=listing, number=1, deadline_at=deadline, next_step_at=None, claimant=None, assignee=None, on_hold=False
    )
    for artifact in original.artifacts:
        copied = _again(artifact, submission=made)
        for link in ArtifactCheck.select().where(ArtifactCheck.artifact == artifact):
            _again(link, artifact=copied)
    for value in original.values:
        _again(value, submission=made)
    search.index(made)


def _again(row: Row, **changes: object) -> Row:
    fields = {
        name: getattr(row, field.object_id_name if hasattr(field, "rel_model") else name)
        for name, field in row._meta.fields.items()
    }
    return type(row).create(**{**fields, "id": None, **changes})


class TimeIsUp(Exception):
    """Everybody stops where they are: whoever hurried to an end now would be measured as a crowd."""


class Moderator:
    """One of them, in a thread."""

    def __init__(self, caller: Caller, *, over: threading.Event, think: float, seed: int) -> None:
        self.caller, self.over, self.think, self.dice = caller, over, think, random.Random(seed)
        self.waited: list[tuple[float, str, float]] = []  # when it ended, the route, milliseconds
        self.wrongs: Counter[str] = Counter()
        self.etag, self.quiet = "", 0.0  # of the last news; seconds since then
        self.kept = 0.0  # when the claim was kept last
        self.late = self.dice.randint(0, 7)  # acts of the first review that are behind them when they come

    def work(self) -> None:
        """Round after round until time is up."""
        self.over.wait(self.dice.random() * WARMING)
        with contextlib.suppress(TimeIsUp):
            self._rounds()

    def _rounds(self) -> None:
        while True:
            self._ask("GET", "/staff/queue/")
            if not self.late:
                self._think("queue", "/staff/queue/rows?tab=free")
            place = urlsplit(self._ask("POST", "/staff/queue/next").location).path
            page = self._ask("GET", place).text
            for _ in range(self.dice.randint(1, 2)):  # then back to the queue for a look
                if "/staff/review/" not in place:
                    break
                place, page = self._review(place, page)

    def _review(self, place: str, page: str) -> tuple[str, str]:
        """One submission, from its page to a return; where to go next, and that page, fetched ahead as the script does."""
        data = _data(page)
        news = f"{place}/state"
        ahead = self._ask("GET", f"/staff/review/ahead?but={place.rpartition('/')[2]}")
        panes = ("file.data_example", "file.instruction", "diff" if data["diff"] else "checks", "file.model_archive")
        for pane in panes[self.late :]:
            self._think("review", news)
            self._keep(place, data)
            for address in re.findall(r'<iframe class="preview" src="([^"]+)"', self._ask("GET", f"{place}/pane/{pane}").text):
                self._preview(address)
        revision, written = data["revision"], {"checklist": {}, "remarks": []}
        for number in range(3):
            if self.late <= len(panes) + number:
                self._think("review", news)
            written["remarks"].append(REMARK)
            for length in (20, 35, None):
                self._keep(place, data)
                written["remarks"][-1] = {**REMARK, "text": REMARK["text"][:length]}
                kept = self._ask("PUT", f"{place}/draft", {"revision": revision, "data": written})
                revision = json.loads(kept.text).get("revision", revision)
                self._pause(TYPING, "review", news)
        self.late = 0
        pinned = {name: data[name] for name in ("pinned_artifacts", "pinned_checks")}
        sent = {**written, **pinned, "kind": "return", "token": data["token"], "next": True}
        self._ask("POST", f"{place}/preview", sent)
        self._think("review", news)
        answer = json.loads(self._ask("POST", f"{place}/decide", sent).text)
        place = str(answer.get("next", ""))
        if "claim" in answer and f'data-base="{place}"' in ahead.text:
            return place, ahead.text.replace('data-token=""', f'data-token="{answer["claim"]["token"]}"', 1)
        return place, self._ask("GET", place).text if place else ""

    def _keep(self, place: str, data: dict[str, object]) -> None:
        """What the page does on the first key or click after a while."""
        if time.monotonic() - self.kept > ACTIVE:
            self.kept = time.monotonic()
            self._ask("POST", f"{place}/keep", {"token": data["token"]})

    def _ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        if self.over.is_set():
            raise TimeIsUp
        began = time.perf_counter()
        if body is not None:
            answer = self.caller.json(method, path, body)
        elif method == "POST":
            answer = self.caller.post(path)
        else:
            answer = self.caller.page(path, **headers)
        self._waited(route(method, path), began)
        if answer.status >= 400:
            self.wrongs[f"{answer.status} {route(method, path)}"] += 1
        return answer

    def _preview(self, address: str) -> None:
        """A frame on the previews' own origin, without any cookie."""
        began = time.perf_counter()
        status = self.caller.elsewhere(address)
        self._waited("GET /preview", began)
        if status >= 400:
            self.wrongs[f"{status} GET /preview"] += 1

    def _waited(self, name: str, began: float) -> None:
        ended = time.perf_counter()
        self.waited.append((ended, name, (ended - began) * 1000))

    def _think(self, page: str, news: str) -> None:
        """Reading."""
        self._pause(min(self.dice.expovariate(1 / self.think), 4 * self.think), page, news)

    def _pause(self, left: float, page: str, news: str) -> None:
        """So many seconds, in which the page's script asks for news."""
        while left > 0 and not self.over.is_set():
            pause = min(left, max(0.0, NEWS[page] - self.quiet))
            self.over.wait(pause)
            left, self.quiet = left - pause, self.quiet + pause
            if self.quiet >= NEWS[page]:
                known = {"If-None-Match": self.etag} if page == "queue" else {}
                self.etag, self.quiet = self._ask("GET", news, **known).headers.get("etag", ""), 0.0


def _data(page: str) -> dict[str, object]:
    found = re.search(r'id="review-data"[^>]*>(.*?)</script>', page, re.S)
    token = re.search(r'data-token="([^"]*)"', page)
    assert found and token, page[:500]
    return {**json.loads(found[1]), "token": token[1], "diff": 'value="diff"' in page}


def route(method: str, path: str) -> str:
    """The kind of a request."""
    plain = re.sub(r"/\d+", "/N", path.partition("?")[0])
    plain = re.sub(r"/pane/.+", "/pane", plain)
    return f"{method} {plain}"


def logged(log: str) -> Iterator[tuple[str, float]]:
    """Routes and milliseconds out of lines of gunicorn's log; a preview's address is a token."""
    for line in log.splitlines():
        method, where, micros = line.split(" ")
        if where.startswith("/staff/"):
            yield route(method, where), int(micros) / 1000
        elif where.endswith("/") and len(where) > 30:
            yield "GET /preview", int(micros) / 1000


def point(values: list[float], percent: int) -> float:
    """A percentile by nearest rank."""
    ordered = sorted(values)
    return round(ordered[max(0, -(-len(ordered) * percent // 100) - 1)], 1)


def web_seconds(var: Path) -> float:
    """Processor time that the processes behind this product's pages have used, in seconds."""
    spent, mark = 0, f"MLPLACE_VAR={var}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if b"backoffice.wsgi:app" in (process / "cmdline").read_bytes() and mark in (process / "environ").read_bytes():
                user, system = (process / "stat").read_text().rpartition(")")[2].split()[11:13]
                spent += int(user) + int(system)
    return spent / os.sysconf("SC_CLK_TCK")


def busy_seconds() -> float:
    """Processor time that everything on this machine has used, in seconds."""
    user, nice, system, _idle, _waiting, *rest = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:])
    return (user + nice + system + sum(rest[:3])) / os.sysconf("SC_CLK_TCK")


def used_seconds(var: Path) -> dict[str, float]:
    """Processor time so far: of the pages, of this program, of everything."""
    return {"the pages": web_seconds(var), "this program": time.process_time(), "everything": busy_seconds()}


def told(log: str, since: float, moderators: list[Moderator]) -> bool:
    """Print the table of what was logged, and of what was waited for ``since`` then; whether everything stays under its bar."""
    served, waited, wrongs = defaultdict(list), defaultdict(list), Counter[str]()
    for name, ms in logged(log):
        served[name].append(ms)
    for moderator in moderators:
        wrongs += moderator.wrongs
        for ended, name, ms in moderator.waited:
            if ended >= since:
                waited[name].append(ms)
    good = True
    print(f"{'route':36} {'n':>6} {'p50':>7} {'p95':>7} {'p99':>7} {'waited p95':>11}")
    for name in sorted(served, key=lambda key: -len(served[key])):
        if name not in waited:
            continue
        p50, p95, p99 = (point(served[name], percent) for percent in (50, 95, 99))
        over = p95 > (PAGE_BAR if name in PAGES else INTERACTION_BAR)
        good &= not over
        bar = f"{'OVER' if over else 'under'} {PAGE_BAR if name in PAGES else INTERACTION_BAR:.0f}"
        print(f"{name:36} {len(served[name]):6} {p50:7} {p95:7} {p99:7} {point(waited[name], 95):11}  {bar}")
    print(json.dumps({"refused_or_failed": dict(wrongs), "decisions": len(served["POST /staff/review/N/decide"])}))
    print("every route is under its bar" if good and not wrongs else "NOT every route is under its bar, or something failed")
    return good and not wrongs


def main() -> None:
    """Start, fill, work, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--moderators", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--think", type=float, default=20.0)
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # the product is stopped all the same
    with somewhere(postgres=given.postgres, durable=True) as url:
        var = (
            Path(url.removeprefix("sqlite:///")).parent / "var"
            if not given.postgres
            else Path(url.partition("host=")[2]).parent / "var"
        )
        var.mkdir()
        log = var / "access.log"
        os.environ["GUNICORN_CMD_ARGS"] = f"--access-logfile {log} --access-logformat '%(m)s %(U)s %(D)s'"
        product = Product(var, url, engine="")
        try:
            wiring = Wiring(Settings(var=var, database_url=url))
            with wiring.database.connection_context():
                now = utcnow()
                copies(int(given.moderators * (3 + given.seconds / given.think / 6)))
                staff = [
                    people.add(email=f"m{n}@x.example", name=f"Модератор {n}", password_hash="", roles=("moderator",), now=now)
                    for n in range(given.moderators)
                ]
            callers = [Caller(product.url, wiring, person) for person in staff]
            over = threading.Event()
            moderators = [Moderator(caller, over=over, think=given.think, seed=n) for n, caller in enumerate(callers)]
            os.nice(10)
            threads = [threading.Thread(target=moderator.work) for moderator in moderators]
            for thread in threads:
                thread.start()
            over.wait(WARMING)
            since, begun, before = log.stat().st_size, time.perf_counter(), used_seconds(var)
            over.wait(given.seconds)
            lines = log.read_bytes()[since:].decode()
            cores = {name: round((spent - before[name]) / given.seconds, 2) for name, spent in used_seconds(var).items()}
            over.set()
            for thread in threads:
                thread.join()
        finally:
            product.stop()
        print(json.dumps({"cores_used_by": cores, "of": os.cpu_count(), "load_average": round(os.getloadavg()[0], 1)}))
        sys.exit(0 if told(lines, begun, moderators) else 1)


if __name__ == "__main__":
    main()
