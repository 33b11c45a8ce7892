"""Every setting of the product, read once from the environment (prefix ``MLPLACE_``), with an embedded default for one machine.

All mistakes are reported together: pydantic collects them into one ``ValidationError``.
"""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Names are ``MLPLACE_<FIELD>``; the defaults are those of ``make run``."""

    model_config = SettingsConfigDict(env_prefix="MLPLACE_", extra="ignore", frozen=True)

    var: Path = ROOT / "var"
    database_url: str = ""  # sqlite:///…/var/backoffice.db when empty; postgresql://… otherwise
    redis_url: str = "redis://127.0.0.1:6390/0"
    storage_url: str = ""  # file:///…/var/artifacts when empty; s3://bucket/prefix otherwise
    secret_key: SecretStr = SecretStr("")  # kept in var/keys when empty
    time_zone: str = "Europe/Moscow"
    languages: tuple[str, ...] = ("ru", "en")
    base_url: str = "http://127.0.0.1:8000"
    previews_url: str = "http://127.0.0.1:8001"  # the previews' own origin
    clamd: str = ""  # unix:/path or tcp:host:port; var/clamd.sock when empty
    engine: str = ""  # the sandbox's own Docker engine, unix:/path; without it no config is tried
    smtp_url: str = "smtp://127.0.0.1:8025"
    mail_from: str = "ML-Place <moderation@mlplace.example>"
    hook_url: str = ""  # the catalog's publication hook; the built-in catalog when empty
    hook_secret: SecretStr = SecretStr("")  # whsec_…, Standard Webhooks; kept in var/keys when empty
    mail_folder: Path | None = None  # where the catcher of `make run` keeps caught mail; its page is there only then
    log_format: str = Field(default="text", pattern="^(text|json)$")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        ZoneInfo(value)
        return value

    @property
    def database(self) -> str:
        """The database's URL, the embedded SQLite file by default."""
        return self.database_url or f"sqlite:///{self.var / 'backoffice.db'}"

    @property
    def storage(self) -> str:
        """The files' URL, a local folder by default."""
        return self.storage_url or (self.var / "artifacts").absolute().as_uri()

    @property
    def clamd_address(self) -> str:
        """Where clamd listens, the private one's socket by default."""
        return self.clamd or f"unix:{self.var / 'clamd.sock'}"
