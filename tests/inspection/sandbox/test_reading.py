"""What an author's config says, and what of it the sandbox refuses: everything before an engine is needed."""

from __future__ import annotations

import gzip
import os
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from backoffice.domain.verdicts import Verdict
from backoffice.inspection.sandbox import bundle, policy, reading, unpack
from backoffice.inspection.sandbox.attempt import try_install
from backoffice.inspection.sandbox.context import packed
from backoffice.inspection.sandbox.plan import Plan, Recipe, Refused, Service
from backoffice.inspection.sandbox.transcript import Recorder, tried
from tests.inspection.sandbox.archives import tarred, zipped

pytestmark = pytest.mark.jail
PLAIN = "FROM python:3.11\nUSER app\nEXPOSE 8888\n"


def plan_of(path: Path) -> Plan:
    with reading.read(path, name=path.name) as (plan, _):
        return plan


def recipe_of(tmp_path: Path, dockerfile: str) -> Recipe:
    recipe = plan_of(zipped(tmp_path / "a.zip", {"Dockerfile": dockerfile})).services[0].recipe
    assert recipe is not None
    return recipe


def seen(path: Path) -> set[tuple[str, int | None]]:
    return {(s.rule, s.line) for s in plan_of(path).seen}


def compose(tmp_path: Path, text: str, **files: str) -> Path:
    return zipped(tmp_path / "demo.zip", {"compose.yaml": text, **files})


def test_an_archive_without_a_config_needs_no_try(tmp_path: Path) -> None:
    tried = try_install(zipped(tmp_path / "a.zip", {"model.dll": b"MZ"}), name="a.zip")
    assert (tried.outcome, tried.verdict, tried.findings) == ("not_applicable", Verdict.PASS, [])
    assert "Не требуется" in tried.why


def test_a_bare_model_needs_no_try(tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    path.write_bytes(b"\x89HDF")
    assert try_install(path, name="model.h5").outcome == "not_applicable"


def test_without_an_engine_nothing_is_passed(tmp_path: Path) -> None:
    tried = try_install(zipped(tmp_path / "a.zip", {"Dockerfile": PLAIN}), name="a.zip")
    assert (tried.outcome, tried.verdict) == ("infrastructure", Verdict.ERROR)
    assert "нет песочницы" in tried.why


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz", ".7z"])
def test_a_dockerfile_is_read_from_every_kind_of_archive(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"demo{suffix}"
    if suffix == ".zip":
        zipped(path, {"demo/Dockerfile": PLAIN, "demo/app.py": "1"})
    elif suffix == ".tar.gz":
        tarred(path, {"demo/Dockerfile": PLAIN, "demo/app.py": "1"})
    else:
        (tmp_path / "demo").mkdir()
        (tmp_path / "demo" / "Dockerfile").write_text(PLAIN)
        (tmp_path / "demo" / "app.py").write_text("1")
        subprocess.run(["7zz", "a", "-bd", str(path), "demo"], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    with reading.read(path, name=path.name) as (plan, folder):
        assert (folder / "demo" / "app.py").read_text() == "1"
    assert (plan.kind, plan.file, plan.services[0].ports) == ("dockerfile", "demo/Dockerfile", [8888])
    assert plan.services[0].recipe is not None
    assert plan.services[0].recipe.bases == ["python:3.11"]
    assert not folder.exists()


def test_heredocs_become_what_the_classic_builder_knows(tmp_path: Path) -> None:
    text = (
        "FROM a\nENV WHO=you\nUSER x\nRUN <<EOF\nls /\nEOF\nRUN python3 <<A > /x\nprint(1)\nA\n"
        "COPY <<B <<'C' /etc/\nhello $WHO\nB\n$WHO\nC\n"
    )
    recipe = recipe_of(tmp_path, text)
    assert 'COPY [".heredoc-0", "/.heredoc-0"]\nRUN . /.heredoc-0\n' in recipe.text
    assert list(recipe.extra.values()) == [
        "ls /\n",
        "python3 <<A > /x\nprint(1)\nA\n",
        "hello you\n",
        "$WHO\n",
    ]  # quoted as it is
    assert recipe.lines == [1, 2, 3, 4, 4, 7, 7, 10]


def test_a_heredoc_is_read_by_what_its_first_line_or_the_stages_shell_names(tmp_path: Path) -> None:
    text = (
        'FROM a AS one\nRUN <<-E\n\t#! /usr/bin/env python3 -u \n\tprint(1)\nE\nSHELL ["/bin/bash", "-ec"]\nRUN <<"F" cat\nx\nF\n'
        "FROM one\nUSER x\nRUN <<G\nls\nG\nFROM b\nUSER x\nRUN <<H\nls\nH\n"
    )
    recipe = recipe_of(tmp_path, text)
    steps = [row for row in recipe.text.splitlines() if row.startswith("RUN")]
    assert steps == [
        'RUN ["/usr/bin/env", "python3 -u", "/.heredoc-0"]', 'RUN ["/bin/bash", "-ec", "<<\\"F\\" cat\\nx\\nF\\n"]',
        'RUN ["/bin/bash", "-ec", "ls\\n"]', "RUN . /.heredoc-1",
    ]  # fmt: skip
    assert recipe.extra[".heredoc-0"] == "#! /usr/bin/env python3 -u \nprint(1)\n"


def test_a_dockerfile_that_asks_too_much(tmp_path: Path) -> None:
    text = "FROM a\nRUN --mount=type=secret,id=x cat /x\nADD https://example.org/m /m\nCOPY ../../etc/passwd /p\nUSER x\n"
    assert {("docker.secret", 2), ("docker.download", 3), ("config.escape", 4)} <= seen(
        zipped(tmp_path / "a.zip", {"Dockerfile": text})
    )


def test_the_engine_gets_no_way_to_download(tmp_path: Path) -> None:
    """Quotes, escapes, variables, triggers and smuggled flags that only the engine's own reading would turn into an address."""
    text = """ARG BASE=elsewhere.test/x
FROM a:1 AS One
ENV BASE=a:1
ARG X=1
ADD "http"://h/1 /x
ADD h\\ttp://h/2 /x
ADD ${X:+http://h/3} /x
ONBUILD ADD http://h/4 /x
ADD --chown="1:1 --from=elsewhere.test/y" z /x
ADD app-${X}.tar.gz файл /x
FROM $BASE
COPY --from=one /x /x
USER x
"""
    recipe = recipe_of(tmp_path, text)
    assert recipe.bases == ["a:1", "a:1"]
    assert "FROM a:1" in recipe.text.splitlines()
    assert [line for line in recipe.text.splitlines() if line.startswith("ADD")] == [
        'ADD ["z", "/x"]',
        'ADD ["app-1.tar.gz", "\\u0444\\u0430\\u0439\\u043b", "/x"]',
    ]
    assert "ONBUILD" not in recipe.text
    assert recipe.lines == [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13]


def test_a_pattern_that_takes_for_ever_is_left_to_the_jail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Matching it backtracks; the jail's limit ends it, the worker never meets it."""
    files = {"Dockerfile": PLAIN, ".dockerignore": "a*" * 12 + "b\n", "a" * 200: ""}
    monkeypatch.setattr(policy, "limits", lambda: {**policy._table()["limits"], "archive_seconds": 3})
    tried = try_install(zipped(tmp_path / "a.zip", files), name="a.zip")
    assert (tried.outcome, tried.findings[0].rule in ("config.archive", "config.too_large")) == ("limit", True)


def test_dockerignore_leaves_out_what_it_names(tmp_path: Path) -> None:
    files = {"Dockerfile": PLAIN, ".dockerignore": "# no\n**/*.csv\n!keep.csv\n", "a/b.csv": "", "keep.csv": "", "app.py": ""}
    with reading.read(zipped(tmp_path / "a.zip", files), name="a.zip") as (plan, folder):
        recipe = plan.services[0].recipe
        assert recipe is not None
        with packed(folder, recipe) as sink, tarfile.open(fileobj=sink) as out:
            names = out.getnames()
    assert {"keep.csv", "app.py", "Dockerfile"} <= set(names)
    assert "a/b.csv" not in names


@pytest.mark.parametrize("place", ["/etc", "../other", "a/../../b"])
def test_a_plan_that_leaves_the_archive_is_not_believed(place: str) -> None:
    """The jail itself would have to be subverted to say so."""
    built = Plan("dockerfile", "Dockerfile", services=[Service("app", recipe=Recipe(place, "Dockerfile"))])
    mounted = Plan("compose", "compose.yaml", services=[Service("app", image="a", mounts=[(place, "/data")])])
    for plan in (built, mounted):
        with pytest.raises(TypeError, match="not in the archive"):
            Plan.from_dict(plan.as_dict())


def test_another_escape_character_cannot_hide_an_instruction(tmp_path: Path) -> None:
    text = "# escape=`\nFROM a\nWORKDIR c:\\\nUSER x\n"
    assert ("config.unreadable", 1) in seen(zipped(tmp_path / "a.zip", {"Dockerfile": text}))


@pytest.mark.parametrize(("text", "line"), [("FORM python\n", "1"), ("FROM a\nUSER x\nFOO bar\n", "3"), ("ARG A\n", "1")])
def test_a_dockerfile_that_is_none(tmp_path: Path, text: str, line: str) -> None:
    tried = try_install(zipped(tmp_path / "a.zip", {"Dockerfile": text}), name="a.zip")
    assert (tried.outcome, tried.verdict) == ("author_fault", Verdict.REJECT)
    assert [(f.rule, f.member, f.place) for f in tried.findings] == [("config.unreadable", "Dockerfile", line)]


REFUSED = [
    ("privileged: true", "compose.privileged"),
    ("network_mode: host", "compose.namespace"),
    ("network_mode: container:other", "compose.namespace"),
    ("pid: host", "compose.namespace"),
    ("ipc: host", "compose.namespace"),
    ("uts: host", "compose.namespace"),
    ("userns_mode: host", "compose.namespace"),
    ("cgroup: host", "compose.namespace"),
    ("cgroup_parent: /", "compose.namespace"),
    ("cap_add: [SYS_ADMIN]", "compose.capability"),
    ("security_opt: [seccomp=unconfined]", "compose.capability"),
    ("sysctls: {net.core.somaxconn: 1}", "compose.capability"),
    ("devices: ['/dev/kvm:/dev/kvm']", "compose.device"),
    ("device_cgroup_rules: ['c 1:3 mr']", "compose.device"),
    ("volumes: ['/:/host']", "compose.mount"),
    ("volumes: ['~/.ssh:/ssh']", "compose.mount"),
    ("volumes: ['C:\\Users:/u']", "compose.mount"),
    ("volumes: [{type: bind, source: /etc, target: /e}]", "compose.mount"),
    ("volumes: [{type: npipe, source: x, target: /e}]", "compose.mount"),
    ("volumes: ['../..:/up']", "config.escape"),
    ("volumes: ['/var/run/docker.sock:/s']", "compose.socket"),
    ("volumes_from: [other]", "compose.mount"),
    ("env_file: ../../../../etc/environment", "config.escape"),
    ("env_file: /etc/environment", "config.escape"),
    ("secrets: [token]", "compose.secret"),
    ("extends: {file: ../other.yaml, service: x}", "compose.elsewhere"),
    ("provider: {type: rm}", "compose.command"),
    ("build: {context: ., ssh: [default]}", "docker.secret"),
    ("build: {context: ., privileged: true}", "compose.privileged"),
    ("build: {context: ., additional_contexts: {x: /etc}}", "compose.elsewhere"),
    ("build: 'https://example.org/repo.git'", "compose.elsewhere"),
    ("build: /etc", "config.escape"),
    ("build: {context: ., dockerfile: ../../x}", "config.escape"),
]


@pytest.mark.parametrize("line, rule", REFUSED, ids=[line for line, _ in REFUSED])
def test_compose_keys_that_leave_the_isolation_are_refused_with_their_line(tmp_path: Path, line: str, rule: str) -> None:
    path = compose(tmp_path, f"services:\n  web:\n    image: a\n    {line}\n", Dockerfile=PLAIN)
    tried = try_install(path, name=path.name)
    assert (tried.outcome, tried.verdict) == ("author_fault", Verdict.REJECT)
    assert (rule, "4") in {(f.rule, f.place) for f in tried.findings}


@pytest.mark.parametrize("line", ["include: [other.yaml]", "secrets: {token: {environment: HOME}}"])
def test_compose_goes_on_nowhere_else(tmp_path: Path, line: str) -> None:
    tried = try_install(compose(tmp_path, f"services:\n  web:\n    image: a\n{line}\n"), name="demo.zip")
    assert [(f.place, str(f.severity)) for f in tried.findings] == [("4", "requirement")]


def test_the_environment_of_the_worker_stays_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "worker's own secret")
    environment = "{A: '${SECRET_TOKEN}', B: '${SECRET_TOKEN:-x}', C: $$HOME, D: '${PORT}', E: }"
    text = f"services:\n  web:\n    image: a\n    environment: {environment}\n"
    plan = plan_of(zipped(tmp_path / "a.zip", {"compose.yaml": text, ".env": "PORT=8888\n"}))
    assert plan.services[0].environment == {"A": "", "B": "x", "C": "$HOME", "D": "8888"}
    assert ("config.variable", 4) in {(s.rule, s.line) for s in plan.seen}
    assert os.environ["SECRET_TOKEN"] not in str(plan)


def test_an_ordinary_compose_file_has_nothing_to_remark(tmp_path: Path) -> None:
    text = """
name: demo
x-common: &common
  restart: unless-stopped
services:
  web:
    <<: *common
    image: registry.gitlab.com/a/web@sha256:0
    command: python -m "http.server" 8000
    ports: ["127.0.0.1:8000:8000", {target: 9000}]
    volumes: [./data:/data:ro, cache:/cache, ./code:/code]
    depends_on: {model: {condition: service_started}}
    deploy: {resources: {limits: {memory: 1g}}}
  model: {image: a, expose: [5000]}
volumes: {cache: }
"""
    plan = plan_of(zipped(tmp_path / "a.zip", {"compose.yaml": text, "code/app.py": "1"}))
    web, model = plan.services
    assert plan.seen == []
    assert (web.command, web.ports, web.after) == (["python", "-m", "http.server", "8000"], [8000, 9000], ["model"])
    assert (web.data, web.scratch, web.mounts) == (["/data"], ["/cache"], [("code", "/code")])
    assert model.ports == [5000]


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
)
MERGE = "a: &a {k: v}\n" + "".join(f"b{i}: &b{i} {{<<: [{', '.join([f'*b{i - 1}' if i else '*a'] * 9)}]}}\n" for i in range(9))
BOMBS = {
    "aliases": BOMB,
    "merges": MERGE,
    "itself": "a: &a [*a]\n",
    "nesting": "[" * 5000 + "]" * 5000,
    "long": "services: {w: {image: a}}\n" + "#" * 300_000,
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=list(BOMBS))
def test_yaml_bombs_end_at_the_budget(tmp_path: Path, text: str) -> None:
    tried = try_install(compose(tmp_path, text), name="demo.zip")
    assert tried.outcome == "limit"
    assert {f.rule for f in tried.findings} == {"config.too_large"}


def test_unknown_tags_are_not_followed(tmp_path: Path) -> None:
    tried = try_install(compose(tmp_path, "services: !!python/object/apply:os.system ['id']\n"), name="demo.zip")
    assert [f.rule for f in tried.findings] == ["config.unreadable"]


def test_links_are_left_out_and_told(tmp_path: Path) -> None:
    path = tarred(tmp_path / "a.tar.gz", {"Dockerfile": PLAIN}, links={"passwd": "/etc/passwd", "up": "../../.."})
    with reading.read(path, name="a.tar.gz") as (plan, folder):
        assert sorted(p.name for p in folder.iterdir()) == ["Dockerfile"]
    assert [s.params["count"] for s in plan.seen if s.rule == "config.link"] == [2]


@pytest.mark.parametrize("name", ["../up", "/etc/cron.d/x", "a/../../x", "C:\\x", "..\\x"])
def test_a_member_that_climbs_out_ends_the_attempt(tmp_path: Path, name: str) -> None:
    tried = try_install(zipped(tmp_path / "a.zip", {"Dockerfile": PLAIN, name: "x"}), name="a.zip")
    assert [f.rule for f in tried.findings] == ["config.escape"]


def test_an_archive_bomb_is_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("Dockerfile", PLAIN)
        for number in range(int(policy.limits()["archive_members"]) + 1):
            out.writestr(f"f/{number}", b"")
    tried = try_install(path, name="bomb.zip")
    assert (tried.outcome, [f.rule for f in tried.findings]) == ("limit", ["config.archive"])


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz", ".7z"])
def test_a_few_bytes_that_unpack_without_end_stop_at_the_limit(tmp_path: Path, suffix: str) -> None:
    path, folder = tmp_path / f"bomb{suffix}", tmp_path / "out"
    folder.mkdir()
    zeros = bytes(8 << 20)
    if suffix == ".zip":
        zipped(path, {"Dockerfile": PLAIN, "zeros": zeros})
    elif suffix == ".tar.gz":
        tarred(path, {"Dockerfile": PLAIN, "zeros": zeros})
    else:
        (tmp_path / "zeros").write_bytes(zeros)
        subprocess.run(["7zz", "a", "-bd", str(path), "zeros"], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    assert path.stat().st_size < 64 << 10
    with pytest.raises(Refused) as refused:
        unpack.unpack(path, path.name, folder, {**policy.limits(), "archive_bytes": 1 << 20})
    assert refused.value.seen.rule == "config.archive"
    assert sum(each.stat().st_size for each in folder.rglob("*") if each.is_file()) <= 1 << 20


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.7z"])
def test_a_damaged_archive_is_a_finding(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / name, {"Dockerfile": PLAIN * 100})
    path.write_bytes(path.read_bytes()[:60])
    tried = try_install(path, name=name)
    assert (tried.outcome, [f.rule for f in tried.findings]) == ("author_fault", ["config.damaged"])


def test_the_mode_of_a_copy_goes_into_the_context(tmp_path: Path) -> None:
    text = "FROM scratch\nCOPY --chmod=0755 ./server /server\nCOPY --from=0 --chmod=700 /a /b\nCOPY --link --exclude=x b /b\nUSER 1\n"
    archive = zipped(tmp_path / "a.zip", {"Dockerfile": text, "server": "#!", ".dockerignore": "*.md\n", "README.md": "x"})
    with reading.read(archive, name="a.zip") as (plan, folder):
        recipe = plan.services[0].recipe
        assert recipe is not None
        with packed(folder, recipe) as stream, tarfile.open(fileobj=stream) as context:
            modes = {info.name: info.mode for info in context}
    assert recipe.modes == {"server": 0o755}
    assert 'COPY ["./server", "/server"]' in recipe.text
    assert modes["server"] == 0o755
    assert "README.md" not in modes
    assert [(s.line, s.params["feature"]) for s in plan.seen if s.rule == "docker.unsupported"] == [
        (3, "--chmod=700"),
        (4, "--exclude=x"),
    ]


def test_text_that_no_program_can_be_given_is_refused_with_its_line(tmp_path: Path) -> None:
    """YAML's escapes write NULs and half surrogate pairs, which would end the attempt with an exception of ours."""
    for scalar in (r'"a\ud800"', r'"a\0"'):
        assert seen(compose(tmp_path, f"services:\n  web:\n    image: x\n    command: [{scalar}]\n")) == {
            ("config.unreadable", 4)
        }
    assert seen(compose(tmp_path, 'services:\n  "\\ud800": {image: x}\n')) == {("config.unreadable", 2)}


def test_names_that_are_no_utf8_are_rerun_as_they_are_and_told_readably(tmp_path: Path) -> None:
    name = "d\udcff/Dockerfile"
    with reading.read(tarred(tmp_path / "demo.tar.gz", {name: PLAIN}), name="demo.tar.gz") as (plan, _):
        assert plan.file == name
        packed_again = gzip.decompress(bundle.make(plan, policy.terms()))
    assert b"\"$archive\"/'d\xff'" in packed_again
    recorder = Recorder()
    recorder.see("docker.root", file=plan.file, detail="\0")
    recorder.transcript.logs = {"web": "\udcff"}
    answer = tried(recorder, detail="\ud800")
    assert [(found.member, found.params) for found in answer.findings] == [("d\ufffd/Dockerfile", {"detail": "\ufffd"})]
    assert (answer.transcript["logs"], answer.detail) == ({"web": "\ufffd"}, "\ufffd")
