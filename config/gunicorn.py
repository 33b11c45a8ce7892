"""gunicorn for web and previews: threads, because uploads are slow and a sync worker is killed in the middle of one."""

from __future__ import annotations

from typing import Any

worker_class = "gthread"
workers = 2
threads = 8
preload_app = True  # the application is built once and its workers are forked: it opens nothing before its first request
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


def post_worker_init(_worker: Any) -> None:
    """Log as every other process does."""
    from config.logging import configure
    from config.settings import Settings

    configure(Settings().log_format)
