"""The parts that settings decide on, made once per process; the application and the workers share this."""

from __future__ import annotations

import base64
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from peewee import Database

from backoffice.calendars import load_calendar, load_policy, missing_year
from backoffice.domain.deadlines import DeadlinePolicy
from backoffice.domain.working_clock import WorkingClock
from backoffice.storage import Storage
from backoffice.store.database import open_database
from backoffice.store.outbox import HookEndpoint
from backoffice.usecases.policy_clock import policy_clock
from config.settings import Settings

BUILT_IN_CATALOG = "catalog"


@dataclass(frozen=True)
class Wiring:
    """Everything outside that a use case or a page needs, behind the settings."""

    settings: Settings

    @cached_property
    def database(self) -> Database:
        """The database, bound to the models; connect around each piece of work."""
        return open_database(self.settings.database)

    @cached_property
    def storage(self) -> Storage:
        """Where files lie."""
        return Storage(self.settings.storage, scratch=self.settings.var / "scratch")

    @property
    def deadline_policy(self) -> DeadlinePolicy:
        """How long, by which calendar, and the ladder (M1, M7)."""
        return load_policy()

    @property
    def working_clock(self) -> WorkingClock:
        """The business-day clock with the days that the staff changed; one small query, the clock itself is kept."""
        return policy_clock()[0]

    def calendar_gap(self, now: datetime) -> int | None:
        """The year whose decree on days off should be here by now and is not."""
        policy = self.deadline_policy
        return missing_year(load_calendar(policy.calendar), now.astimezone(ZoneInfo(policy.zone)).date())

    @property
    def scan_version(self) -> str:
        """What the answer of a scan depends on besides the file: tools, rules, signatures."""
        from backoffice.inspection import runner

        return runner.version()

    @property
    def try_install_version(self) -> str:
        """The same for a trial installation."""
        from backoffice.inspection.sandbox import attempt

        return attempt.version()

    def key(self, name: str) -> str:
        """A secret of this installation, 32 bytes in base64, made at first need and kept in ``var/keys``."""
        folder = self.settings.var / "keys"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / name
        if not path.exists():
            fresh = folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
            fresh.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
            fresh.chmod(0o600)
            _link_once(fresh, path)
        return path.read_text().strip()

    @property
    def secret_key(self) -> str:
        """What sessions and tokens are signed with: the setting, or a key of this installation."""
        return self.settings.secret_key.get_secret_value() or self.key("secret")

    @property
    def hook_secret(self) -> str:
        """The built-in catalog's Standard Webhooks secret."""
        return self.settings.hook_secret.get_secret_value() or f"whsec_{self.key('hook')}"

    def hook_target(self, endpoint: HookEndpoint) -> tuple[str, str]:
        """The URL and secret of an endpoint; the built-in catalog's come from the settings, since its address can change with every start."""
        if endpoint.name == BUILT_IN_CATALOG:
            return self.settings.hook_url or f"{self.settings.base_url}/api/catalog/hook", self.hook_secret
        return endpoint.url, endpoint.secret


def _link_once(fresh: Path, path: Path) -> None:
    """Two processes that start together agree on the first one's key."""
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
