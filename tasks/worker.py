"""Every actor, by the name its outbox rows carry. ``dramatiq tasks.worker`` runs them; Procfile says which process serves which queues."""

from __future__ import annotations

from collections.abc import Mapping

import dramatiq

from tasks import schedule
from tasks.deadlines import deadlines
from tasks.hooks import hook
from tasks.mail import mail
from tasks.scan import scan, scan_large
from tasks.try_install import try_install

ACTORS: Mapping[str, dramatiq.Actor] = {
    "mail": mail,
    "hook": hook,
    "scan": scan,
    "scan_large": scan_large,
    "try_install": try_install,
    "deadlines": deadlines,
}
PERIODIC = schedule.PERIODIC
