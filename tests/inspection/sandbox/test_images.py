"""Images from registries, on a real engine and a real registry: pulled by digest, bounded, and gone afterwards (A10, M6)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from backoffice.inspection.sandbox import policy
from backoffice.inspection.sandbox.attempt import try_install
from backoffice.inspection.sandbox.policy import Terms
from backoffice.inspection.sandbox.transcript import Tried
from tests.inspection.sandbox.archives import zipped
from tests.real.engine import RealEngine
from tests.real.registry import Registry

pytestmark = [pytest.mark.engine, pytest.mark.jail]


@pytest.fixture(scope="module")
def published(engine: RealEngine, registry: Registry) -> str:
    """The author's image in the registry; its name by digest. It is on no engine."""
    name = f"{registry.address}/author/demo"
    engine.api.tag(engine.base, name, tag="1")
    rows = list(engine.api.push(name, tag="1", stream=True, decode=True, auth_config={}))
    digest = next(row["aux"]["Digest"] for row in rows if "aux" in row)
    engine.api.remove_image(f"{name}:1")
    return f"{name}@{digest}"


def tried(engine: RealEngine, tmp_path: Path, image: str, terms: Terms) -> Tried:
    command = "python3 -m http.server 8000 -d /tmp"
    compose = f"services:\n  web:\n    image: {image}\n    command: {command}\n    ports: ['8000:8000']\n"
    archive = zipped(tmp_path / "demo.zip", {"compose.yaml": compose})
    answer = try_install(archive, name="demo.zip", engine=engine.address, terms=terms)
    assert engine.left() == {}
    return answer


def terms_of(host: str, **limits: float) -> Terms:
    return replace(policy.terms(start_seconds=60, page_seconds=0, stop_seconds=3, **limits), registries=[host])


def test_an_image_is_pulled_by_its_digest(engine: RealEngine, registry: Registry, published: str, tmp_path: Path) -> None:
    answer = tried(engine, tmp_path, published, terms_of(registry.address))
    assert (answer.outcome, answer.findings) == ("passed", []), answer.why
    assert answer.transcript["image"]["digest"] == published.partition("@")[2]
    assert [step["name"] for step in answer.transcript["steps"]] == ["read", "pulled", "started", "answered", "stopped"]


def test_a_tag_is_resolved_and_remarked(engine: RealEngine, registry: Registry, published: str, tmp_path: Path) -> None:
    answer = tried(engine, tmp_path, published.partition("@")[0] + ":1", terms_of(registry.address))
    assert (answer.outcome, [f.rule for f in answer.findings]) == ("passed", ["image.unpinned"])
    assert answer.findings[0].params["digest"] == published.partition("@")[2]
    assert answer.findings[0].place == "2"


def test_an_image_that_is_not_there_is_the_authors(
    engine: RealEngine, registry: Registry, published: str, tmp_path: Path
) -> None:
    answer = tried(engine, tmp_path, f"{registry.address}/author/nothing:1", terms_of(registry.address))
    assert (answer.outcome, [f.rule for f in answer.findings]) == ("author_fault", ["image.missing"])


def test_an_image_that_is_too_large_is_never_pulled(
    engine: RealEngine, registry: Registry, published: str, tmp_path: Path
) -> None:
    """Its manifest is read, and not one byte of its layers."""
    before = len(registry.asked())
    answer = tried(engine, tmp_path, published, terms_of(registry.address, image_bytes=1 << 20))
    assert (answer.outcome, [f.rule for f in answer.findings]) == ("limit", ["image.too_large"])
    assert int(answer.findings[0].params["size"]) > 1 << 20
    asked = registry.asked()[before:]
    assert asked
    assert all("/manifests/sha256:" in row for row in asked), asked


def test_a_base_of_a_build_is_pulled_under_its_own_name(
    engine: RealEngine, registry: Registry, published: str, tmp_path: Path
) -> None:
    base = published.partition("@")[0] + ":1"
    text = f'FROM {base}\nRUN echo 1 > /1\nEXPOSE 8000\nUSER app\nCMD ["python3", "-m", "http.server", "8000"]\n'
    answer = try_install(
        zipped(tmp_path / "demo.zip", {"Dockerfile": text}),
        name="demo.zip",
        engine=engine.address,
        terms=terms_of(registry.address),
    )
    assert engine.left() == {}
    assert (answer.outcome, [f.rule for f in answer.findings]) == ("passed", ["image.unpinned"])
    assert [step["name"] for step in answer.transcript["steps"]] == [
        "read",
        "linted",
        "pulled",
        "built",
        "started",
        "answered",
        "stopped",
    ]


def test_a_registry_that_is_not_allowed_is_never_asked(
    engine: RealEngine, registry: Registry, published: str, tmp_path: Path
) -> None:
    answer = tried(engine, tmp_path, published, terms_of("docker.io"))
    assert (answer.outcome, [f.rule for f in answer.findings]) == ("author_fault", ["image.registry"])


def test_an_image_of_our_own_that_is_not_loaded_yet_is_ours(engine: RealEngine, tmp_path: Path) -> None:
    answer = tried(engine, tmp_path, "mlplace/jupyter:7", policy.terms())
    assert (answer.outcome, answer.reason, answer.findings) == ("infrastructure", "no_image", [])
    assert "mlplace/jupyter:7" in answer.why


def test_a_registry_that_is_away_is_ours(engine: RealEngine, tmp_path: Path) -> None:
    answer = tried(engine, tmp_path, "127.0.0.1:1/author/demo:1", terms_of("127.0.0.1:1"))
    assert (answer.outcome, answer.reason, answer.findings) == ("infrastructure", "registry_failed", [])
