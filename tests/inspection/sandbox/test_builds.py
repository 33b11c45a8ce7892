"""Builds that misbehave, on a real engine: each is contained, each ends with an outcome, and nothing is left behind (M6)."""

from __future__ import annotations

import io
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from backoffice.inspection.sandbox import policy
from backoffice.inspection.sandbox.attempt import try_install
from tests.inspection.sandbox.archives import zipped
from tests.inspection.sandbox.demos import PATIENT, TERMS, rules, tried
from tests.real.engine import RealEngine

pytestmark = [pytest.mark.engine, pytest.mark.jail]

BUILDS = {
    "never ends": ("RUN while true; do :; done", "limit", "build.timeout"),
    "never ends, and hides failures": ("RUN sleep 600 || true\nRUN sleep 600 || true", "limit", "build.timeout"),
    "fills the disk": ("RUN dd if=/dev/zero of=/big bs=1M", "limit", "build.disk"),
    "hogs memory": ("RUN python3 -c 'x = bytearray(1 << 30); print(sum(x[::4096]))'", "limit", "build.memory"),
    "wants the network": (
        "RUN python3 -c 'import urllib.request as u; u.urlopen(\"http://example.org\")'",
        "author_fault",
        "build.network",
    ),
    "fails": ("RUN printf '\\033[31mno\\033[0m luck\\n'; ls /nowhere", "author_fault", "build.failed"),
    "fork bomb": ("RUN python3 -c 'import os\nwhile True: os.fork()'".replace("\n", "\\\\n"), "author_fault", "build.failed"),
}


@pytest.mark.parametrize("step, outcome, rule", BUILDS.values(), ids=list(BUILDS))
def test_a_build_step(engine: RealEngine, tmp_path: Path, step: str, outcome: str, rule: str) -> None:
    text = f"FROM mlplace/python:3.11\nUSER 0\n{step}\nUSER app\nCMD python3\n"
    for seconds in (4, 30) if rule == "build.timeout" else (120,):  # a busy machine may not come to the step in the first time
        terms = policy.terms(**{**TERMS.limits, "start_seconds": 60, "build_seconds": seconds})
        answer = tried(engine, tmp_path, "", dockerfile=text, terms=terms)
        found = next((finding for finding in answer.findings if finding.rule == rule), None)
        if found and found.place == "3":
            break
    assert found, (answer.why, answer.findings)
    assert (answer.outcome, found.member, found.place) == (outcome, "Dockerfile", "3")
    if rule == "build.failed":
        assert "\x1b" not in policy.words(found) + answer.transcript["logs"]["Dockerfile"]
        assert "forwarding" not in answer.transcript["logs"]["Dockerfile"]
    if "ls /nowhere" in step:  # whose complaint comes in three pieces
        assert "ls: cannot access '/nowhere': No such file or directory" in answer.transcript["logs"]["Dockerfile"].splitlines()
    asked = {"example.org": 1} if rule == "build.network" else {}
    assert answer.transcript["building"] == {"attempts": len(asked), "lookups": asked, "proxied": {}}


def test_heredocs_are_read_by_what_they_name(engine: RealEngine, tmp_path: Path) -> None:
    """A program of the first line, the shell that the base image brings, the file's own, and a command; told by a step that fails at the end."""
    shell = 'SHELL ["/bin/sh", "-c", "who=base; eval \\"$0\\""]'
    engine.api.build(fileobj=io.BytesIO(f"FROM {engine.base}\n{shell}\n".encode()), tag="own/shell:1", rm=True, quiet=True)
    text = """FROM own/shell:1
USER app
RUN <<EOF
echo "read by the $who image's"
cat <<INNER
  as it is
INNER
EOF
RUN <<EOF
#!/usr/bin/env python3
print("read by", "python")
EOF
RUN tr a-z A-Z <<EOF
read by a command
EOF
SHELL ["python3", "-c"]
RUN <<EOF
print("read by", "the shell", "of the file")
raise SystemExit(1)
EOF
"""
    archive = zipped(tmp_path / "demo.zip", {"Dockerfile": text})
    own = replace(PATIENT, own=[*PATIENT.own, "own/shell:1"])
    try:
        answer = try_install(archive, name="demo.zip", engine=engine.address, terms=own)
    finally:
        engine.api.remove_image("own/shell:1")
    assert (answer.outcome, rules(answer)[-1], answer.findings[-1].place) == ("author_fault", "build.failed", "17"), (
        answer.findings
    )
    said = answer.transcript["logs"]["Dockerfile"].splitlines()
    wanted = ["read by the base image's", "as it is", "read by python", "READ BY A COMMAND", "read by the shell of the file"]
    assert [line for line in said if line in wanted] == wanted, said
    assert engine.left() == {}


ASKS_THE_ENGINE = {
    "quotes": 'FROM mlplace/python:3.11\nADD "http"://{host}/x /x\n',
    "a variable": "FROM mlplace/python:3.11\nARG X=1\nADD ${{X:+http://{host}/x}} /x\n",
    "a trigger": "FROM mlplace/python:3.11 AS a\nONBUILD ADD http://{host}/x /x\nFROM a\n",
    "a base named twice": "ARG B={host}/x\nFROM mlplace/python:3.11\nENV B=mlplace/python:3.11\nFROM $B\n",
    "a smuggled flag": 'FROM mlplace/python:3.11\nCOPY --chown="1:1 --from={host}/x" app.py /x\n',
}


@pytest.mark.parametrize("text", ASKS_THE_ENGINE.values(), ids=list(ASKS_THE_ENGINE))
def test_a_build_cannot_make_the_engine_download(engine: RealEngine, tmp_path: Path, text: str) -> None:
    """The engine has the host's network; nothing of the host is asked on its behalf."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        answer = tried(engine, tmp_path, "", dockerfile=text.format(host=host) + "USER app\n", terms=PATIENT)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert answer.outcome == "author_fault", (answer.why, answer.findings)


def test_nor_can_the_base_of_a_build(engine: RealEngine, tmp_path: Path) -> None:
    """A public image that brings an ONBUILD of its own."""
    engine.api.import_image_from_data(b"", repository="public/base", tag="1", changes=["ONBUILD ADD http://127.0.0.1:1/x /x"])
    archive = zipped(tmp_path / "demo.zip", {"Dockerfile": "FROM public/base:1\nUSER app\n"})
    try:
        answer = try_install(archive, name="demo.zip", engine=engine.address, terms=TERMS)
    finally:
        engine.api.remove_image("public/base:1")
    assert (answer.outcome, rules(answer)) == ("author_fault", ["image.trigger"])
    assert engine.left() == {}


def test_a_build_takes_no_more_than_the_engines_share_of_a_disk_it_does_not_own(engine: RealEngine, tmp_path: Path) -> None:
    """The disk has room for all it writes; the policy gives it less."""
    text = "FROM mlplace/python:3.11\nUSER 0\nRUN dd if=/dev/zero of=/big bs=1M count=150 && sleep 600\nUSER app\n"
    answer = tried(engine, tmp_path, "", dockerfile=text, terms=policy.terms(**{**PATIENT.limits, "engine_disk": 60 << 20}))
    assert (answer.outcome, rules(answer)[-1]) == ("limit", "build.disk"), (answer.why, answer.findings)


def test_nothing_of_the_workers_environment_gets_in(engine: RealEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither through ARG and ENV of a build nor into the container."""
    monkeypatch.setenv("SECRET_TOKEN", "the-workers-own-secret")
    text = """FROM mlplace/python:3.11
ARG SECRET_TOKEN
ENV COPIED=${SECRET_TOKEN}
RUN echo "built with [$SECRET_TOKEN]" > /built
COPY app.py /app.py
EXPOSE 8000
USER app
CMD ["python3", "-u", "/app.py"]
"""
    code = "import os\nprint(open('/built').read(), dict(os.environ), flush=True)\nserve()"
    answer = tried(engine, tmp_path, code, dockerfile=text, terms=PATIENT)
    assert answer.outcome == "passed", answer.why
    log = answer.transcript["logs"]["app"]
    assert "built with []" in log
    assert "'COPIED': ''" in log
    assert "the-workers-own-secret" not in str(answer)


def test_links_made_by_a_build_lead_to_nothing_of_the_host(engine: RealEngine, tmp_path: Path) -> None:
    """A step plants links that lead out of the image, later steps and the running demo follow them."""
    text = """FROM mlplace/python:3.11
USER 0
RUN ln -s / /out && ln -s ../../../../../../etc /up && mkdir /in && ln -s /out/etc /in/etc
COPY app.py /in/etc/planted-by-a-build
COPY app.py /up/planted-too
COPY app.py /app.py
EXPOSE 8000
USER app
CMD ["python3", "-u", "/app.py"]
"""
    code = "import os\nprint(sorted(os.listdir('/etc')), flush=True)\nserve()"
    answer = tried(engine, tmp_path, code, dockerfile=text, terms=PATIENT)
    assert answer.outcome == "passed", (answer.why, answer.findings)
    assert "'planted-by-a-build', 'planted-too'" in answer.transcript["logs"]["app"]
    assert not [path for path in Path("/etc").iterdir() if path.name.startswith("planted")]
