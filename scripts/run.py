"""``make run``: the whole product on one machine. Starts what ``Procfile`` names and what that stands on, and stops all of it together.

Everything it keeps lies in ``var/``; a second start goes on from there. Settings come from the environment (``MLPLACE_*``, see config/settings.py):
a Redis, clamd, database, mail server or Docker engine named there is used instead of a private one. Exit code 0 after Ctrl-C or SIGTERM.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Container
from pathlib import Path
from typing import IO

from backoffice.cli import accounts
from backoffice.cli.words import say
from backoffice.inspection import antivirus
from backoffice.inspection.sandbox import engine
from config.settings import ROOT, Settings
from scripts import children, services
from scripts.children import Child

PATIENCE = 90.0  # seconds until the pages must answer
PAGES = frozenset({"web", "previews"})  # of Procfile, what people see


class Supervisor:
    """The private services and the product's processes, in the order they are started."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.var = settings, settings.var.absolute()
        self.over = threading.Event()
        self.environment = {
            **os.environ,
            "PATH": services.path_with_tools(),
            "MLPLACE_VAR": str(self.var),
            "PYTHONUNBUFFERED": "1",
        }
        self.children: list[Child] = []
        self.service_count = 0  # of the children, those that the product stands on
        self.listeners: dict[str, socket.socket] = {}
        self.address = ""

    @property
    def with_demo(self) -> bool:
        """Whether an empty installation gets the demo."""
        return self.environment.get("MLPLACE_DEMO", "1") != "0"

    def start_services(self) -> None:
        """Redis, mail and antivirus, each only when the settings name none."""
        env = self.environment
        self._listen()
        if "REDIS_URL" in env:
            env.setdefault("MLPLACE_REDIS_URL", env["REDIS_URL"])
        if "MLPLACE_REDIS_URL" not in env:
            child, env["MLPLACE_REDIS_URL"], listening = services.redis_server(self.var, env)
            self._start(child, lambda: services.answers(listening))
        if "MLPLACE_SMTP_URL" not in env:
            held = self.listeners["mail"] = services.listener(8025)
            child, env["MLPLACE_SMTP_URL"] = services.mail_catcher(self.var, env, held=held, root=ROOT)
            env.setdefault("MLPLACE_MAIL_FOLDER", str(self.var / "mail"))
            child.start()
            self.children.append(child)
        self._start_antivirus()
        self._start_engine()

    def _listen(self) -> None:
        """The pages' ports are ours from the beginning; gunicorn gets the sockets, and whoever comes early waits."""
        web = self.listeners["web"] = services.listener(8000)
        self.address = f"http://{services.HOST}:{web.getsockname()[1]}"
        previews = self.listeners["previews"] = services.listener(max(8001, web.getsockname()[1] + 1))
        self.environment.setdefault("MLPLACE_BASE_URL", self.address)
        # Another host name than that of the pages: cookies know no ports.
        self.environment.setdefault("MLPLACE_PREVIEWS_URL", f"http://localhost:{previews.getsockname()[1]}")
        self.environment.update({f"{name.upper()}_BIND": f"fd://{held.fileno()}" for name, held in self.listeners.items()})

    def _start_antivirus(self) -> None:
        if "MLPLACE_CLAMD" in self.environment:
            return
        child, address = services.antivirus(self.var, self.environment, root=ROOT)
        self.environment["MLPLACE_CLAMD"] = address
        self._start(child, lambda: _scans(address), patience=150)
        if antivirus.engine(address).bundled_only:
            say(
                ru="ВНИМАНИЕ: настоящих антивирусных баз нет, антивирус никого не защищает (нужна сеть или freshclam).",
                en="WARNING: there are no real virus signatures; the antivirus protects nobody (a network or freshclam is needed).",
            )

    def _start_engine(self) -> None:
        if "MLPLACE_ENGINE" in self.environment:
            return
        if lacking := engine.lacking():
            say(
                ru=f"Песочницы не будет, конфигурации Docker не проверяются: {lacking}",
                en=f"There is no sandbox, Docker configs are not tried: {lacking}",
            )
            return
        child, self.environment["MLPLACE_ENGINE"] = services.docker_engine(self.var, self.environment, root=ROOT)
        child.start()
        self.children.append(child)

    def _start(self, child: Child, ready: Callable[[], bool], *, patience: float = 30) -> None:
        child.start()
        self.children.append(child)
        until = time.monotonic() + patience
        while not ready() and not self.over.wait(0.05):
            if child.crashed() is not None or time.monotonic() > until:
                raise services.Missing(f"{child.name}:\n{child.last_words()}")

    def prepare(self) -> None:
        """The schema and, in an empty database, the demo."""
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.prepare", *(["--demo"] if self.with_demo else [])],
            cwd=ROOT,
            env=self.environment,
            start_new_session=True,
            preexec_fn=children.die_with_parent,  # noqa: PLW1509  (the main thread alone forks)
        )
        while process.poll() is None:
            if self.over.wait(0.1):
                process.terminate()
                process.wait()
        if process.returncode and not self.over.is_set():
            raise services.Missing(f"scripts.prepare: {process.returncode}")

    def start_pages(self) -> bool:
        """What people open comes first and has the machine to itself; whether it answered, well or ill."""
        self.service_count = len(self.children)
        self._start_processes(PAGES)
        return self._wait_for_pages()

    def start_workers(self) -> None:
        """Everything else of ``Procfile``."""
        self._start_processes(procfile(ROOT / "Procfile").keys() - PAGES)

    def _start_processes(self, wanted: Container[str]) -> None:
        """Those of ``Procfile``. Only the sandbox's worker is told where the engine is."""
        for name, command in procfile(ROOT / "Procfile").items():
            if name not in wanted:
                continue
            shell = ["/bin/sh", "-c", f"exec {command}"]
            held = [self.listeners[name].fileno()] if name in self.listeners else []
            environment = {key: value for key, value in self.environment.items() if name == "sandbox" or key != "MLPLACE_ENGINE"}
            child = Child(name, shell, environment=environment, log=self.var / "log", cwd=ROOT, inherits=held)
            child.start()
            self.children.append(child)

    def start_demo_image(self) -> None:
        """The image that one of the demo's submissions stands on is made while everything else is already at work."""
        wanted = self.with_demo and self.environment.get("MLPLACE_DEMO_IMAGE") != "0"
        if wanted and self.environment.get("MLPLACE_ENGINE"):
            child = services.jupyter_image(self.var, self.environment, root=ROOT)
            child.start()
            self.children.append(child)

    def watch(self) -> None:
        """Until we are asked to stop: whatever falls is started again, with words."""
        while not self.over.wait(0.3):
            for child in self.children:
                code = child.crashed()
                if code is not None:
                    _tell(child, code)
                child.restart_if_due()
            children.bury(self.children)

    def stop(self) -> None:
        """The product first, then what it stands on; nothing is left."""
        say(ru="\nОстанавливаю…", en="\nStopping…")
        children.stop(self.children[self.service_count :])
        children.stop(self.children[: self.service_count])
        children.sweep_orphans()
        say(ru="Всё остановлено.", en="Everything has stopped.")

    def _wait_for_pages(self) -> bool:
        """Whether /health answered, well or ill, in time."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and not self.over.wait(0.1):
            for child in self.children:
                if child.name == "web" and child.process and child.process.poll() is not None:
                    return False
            if _answered(f"{self.address}/health"):
                return True
        return False


def _tell(child: Child, code: int) -> None:
    """What became of a process that ended by itself."""
    if child.once:
        if code:
            say(
                ru=f"{child.name}: не получилось, демонстрация обойдётся без этого. Журнал: {child.log}\n{child.last_words(1)}",
                en=f"{child.name}: it did not work, the demo does without it. Its log: {child.log}\n{child.last_words(1)}",
            )
    elif child.given_up:
        say(
            ru=f"Процесс {child.name} так и не запустился, работаем без него. Журнал: {child.log}",
            en=f"Process {child.name} does not start; going on without it. Its log: {child.log}",
        )
    else:
        words = f"\n{child.last_words()}" if child.crashes == 1 else ""
        say(
            ru=f"Процесс {child.name} завершился (код {code}), запускаю снова. Журнал: {child.log}{words}",
            en=f"Process {child.name} ended (code {code}); starting it again. Its log: {child.log}{words}",
        )


def _scans(address: str) -> bool:
    with contextlib.suppress(antivirus.Unscanned):
        antivirus.engine(address, timeout=2)
        return True
    return False


def _answered(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310  (our own address)
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def procfile(path: Path) -> dict[str, str]:
    """Process name to shell command."""
    lines = (line.partition(":") for line in path.read_text().splitlines() if line.strip() and not line.startswith("#"))
    return {name.strip(): command.strip() for name, _, command in lines}


def _alone(var: Path) -> IO[str] | None:
    """The lock of this ``var``; None when another supervisor holds it, whose address is then in the file."""
    var.mkdir(parents=True, exist_ok=True)
    lock = (var / "run.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        address = lock.read()
        say(ru=f"Уже запущено: {address}", en=f"It is running already: {address}")
        return None
    return lock


def _greet(supervisor: Supervisor) -> None:
    url = supervisor.environment["MLPLACE_BASE_URL"]
    say(ru=f"\nML-Place работает: {url}   (остановить: Ctrl-C)", en=f"\nML-Place is running: {url}   (stop it with Ctrl-C)")
    if supervisor.with_demo:
        accounts.tell()
    say(
        ru=f"Письма: {url}/mail   Журналы: {shlex.quote(str(supervisor.var / 'log'))}",
        en=f"Mail: {url}/mail   Logs: {shlex.quote(str(supervisor.var / 'log'))}",
    )


def main() -> int:
    """Start, watch, stop."""
    children.adopt_orphans()
    if "MAKELEVEL" in os.environ:
        children.die_with_parent()
    supervisor = Supervisor(Settings())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: supervisor.over.set())
    lock = _alone(supervisor.var)
    if lock is None:
        return 1
    try:
        supervisor.start_services()
        lock.truncate(0)
        lock.write(supervisor.environment["MLPLACE_BASE_URL"])
        lock.flush()
        supervisor.prepare()
        if not supervisor.over.is_set():
            answered = supervisor.start_pages()
            if not supervisor.over.is_set():
                supervisor.start_workers()
                supervisor.start_demo_image()
            if answered:
                _greet(supervisor)
            supervisor.watch()
    except services.Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    finally:
        supervisor.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
