"""gunicorn for web and previews: threads, because uploads are slow and a sync worker is killed in the middle of one."""

from __future__ import annotations

import gc
import sys
from typing import Any

worker_class = "gthread"
workers = 2
threads = 8
preload_app = True  # built and warmed once, its workers are forked, also those of later in the day: it opens nothing before its first request
timeout = 120  # seconds without a sign of life from a worker; a request may take longer
graceful_timeout = 15
keepalive = 20
max_requests = 20_000
max_requests_jitter = 2_000
worker_tmp_dir = "/dev/shm"  # noqa: S108  (a heartbeat file of no content; a disk under load would delay it)
no_control_socket = True
accesslog = None
errorlog = "-"
loglevel = "warning"


def when_ready(server: Any) -> None:
    """Before the workers are forked: what the first request would wait for is there, and stays out of their garbage collection."""
    from backoffice.web import warm

    warm.warm(server.app.wsgi())
    gc.collect()
    gc.freeze()


def post_worker_init(_worker: Any) -> None:
    """Log as every other process does. Threads that wait for one that computes get their turn soon: each statement of SQL is such a wait."""
    from config.logging import configure
    from config.settings import Settings

    configure(Settings().log_format)
    sys.setswitchinterval(0.0005)
