"""The Dramatiq broker on Redis, and the parts every actor works with. Importing it configures a connection and opens none."""

from __future__ import annotations

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AgeLimit, Callbacks, Pipelines, Retries
from periodiq import PeriodiqMiddleware

from backoffice.wiring import Wiring
from config.settings import Settings
from tasks.jailed import NeedsJail
from tasks.keeping import KeepsEngine

wiring = Wiring(Settings())

broker = RedisBroker(
    url=wiring.settings.redis_url,
    namespace="mlplace",
    # After SIGKILL of a worker its messages come back in seconds, not in a quarter of an hour; the outbox does not wait for them anyway.
    heartbeat_timeout=30_000,
    maintenance_chance=100_000,
)
# Retries live in the outbox: a message that fails is simply over.
broker.middleware[:] = [m for m in broker.middleware if not isinstance(m, AgeLimit | Retries | Callbacks | Pipelines)]
broker.add_middleware(PeriodiqMiddleware(skip_delay=30))
broker.add_middleware(NeedsJail(wiring.settings.var / "scratch"))
broker.add_middleware(KeepsEngine(wiring))
dramatiq.set_broker(broker)
