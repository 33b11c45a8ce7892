"""What a model archive must and should not hold (A10), gathered member by member and judged at the end.

``facts`` after ``judge``: ``compiled`` [{name, kind}], ``model_files``, ``docker`` (Dockerfiles and Compose files), ``has_docker_config``,
``sources``, ``notebooks``, ``licences``, ``bytecode``, ``secrets`` (names only: a secret's value is never kept).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any

from backoffice.domain.verdicts import Finding
from backoffice.inspection import detect
from backoffice.inspection.report import Report, Subject

MOST_NAMES = 50
_MODEL_FORMATS = {"h5": "HDF5", "pickle": "pickle", "gguf": "GGUF", "tflite": "TensorFlow Lite"}
_MODEL_EXTENSIONS = {
    ".h5": "HDF5", ".hdf5": "HDF5", ".keras": "Keras", ".pt": "PyTorch", ".pth": "PyTorch", ".ckpt": "checkpoint", ".onnx": "ONNX",
    ".pb": "TensorFlow", ".tflite": "TensorFlow Lite", ".safetensors": "safetensors", ".cbm": "CatBoost", ".joblib": "joblib", ".pkl": "pickle",
    ".pickle": "pickle", ".gguf": "GGUF", ".mlmodel": "Core ML", ".pmml": "PMML", ".ubj": "XGBoost", ".bst": "XGBoost", ".lgb": "LightGBM",
}  # fmt: skip
_SOURCES = {".py", ".pyx", ".r", ".cpp", ".cc", ".c", ".cs", ".java", ".scala", ".go", ".rs", ".jl", ".m"}
# Wiring that a package or a container needs; its text gives nothing of the model away.
_NOT_SOURCES = {"setup.py", "__init__.py", "conftest.py", "manage.py", "gunicorn.conf.py"}
_COMPILED = {".dll", ".so", ".pyd", ".dylib", ".lib", ".a", ".jar"}
_INSTALLERS = {".exe", ".msi", ".bat", ".cmd", ".ps1", ".vbs", ".scr", ".com", ".apk", ".deb", ".rpm", ".dmg"}
_LICENCE = re.compile(r"^(licen[cs]e|copying|notice|лицензия)([._-].*)?$", re.IGNORECASE)
_DOCKERFILE = re.compile(r"^(dockerfile([._-].+)?|.+\.dockerfile|containerfile)$", re.IGNORECASE)
_COMPOSE = re.compile(r"^(docker-)?compose([._-].+)?\.ya?ml$", re.IGNORECASE)
_REPOSITORIES = {".git", ".svn", ".hg"}
_SECRET_FILES = re.compile(
    r"^(id_rsa|id_dsa|id_ecdsa|id_ed25519|\.env|\.netrc|\.pgpass|\.pypirc|credentials(\.json)?|.*\.(pfx|p12|jks|kdbx))$",
    re.IGNORECASE,
)
# What it is, plain bytes of which one must be there (looking for them is fast), and the pattern.
_SECRET_TEXTS: tuple[tuple[str, tuple[bytes, ...], re.Pattern[bytes]], ...] = (
    ("⟦закрытый ключ|private key⟧", (b"PRIVATE KEY-----",),
     re.compile(rb"-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED )?PRIVATE KEY-----")),
    ("⟦ключ AWS|AWS key⟧", (b"AKIA",), re.compile(rb"\bAKIA[0-9A-Z]{16}\b")),
    ("⟦токен GitHub|GitHub token⟧", (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_"),
     re.compile(rb"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{60,}\b")),
    ("⟦токен Hugging Face|Hugging Face token⟧", (b"hf_",), re.compile(rb"\bhf_[A-Za-z0-9]{34,}\b")),
    ("⟦токен Slack|Slack token⟧", (b"xox",), re.compile(rb"\bxox[abprs]-[A-Za-z0-9-]{20,}\b")),
    ("⟦ключ OpenAI|OpenAI key⟧", (b"sk-",), re.compile(rb"\bsk-(?:proj-)?[A-Za-z0-9_-]{40,}\b")),
    ("⟦токен Telegram|Telegram token⟧", (b":AA",), re.compile(rb"\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b")),
    ("⟦ключ Google|Google key⟧", (b"AIza",), re.compile(rb"\bAIza[0-9A-Za-z_-]{35}\b")),
    ("⟦пароль|password⟧", (b"",),
     re.compile(rb"(?i)\b(?:password|passwd|secret_key|api_key)\b\s*[=:]\s*[\"']([^\"'\s${}<>]{8,})[\"']")),
)  # fmt: skip
_TEXTS = ("text", "json", "md", "csv", "shell", "html")
_OBFUSCATED = (
    b"__pyarmor__(",
    b"from pytransform import",
    b"exec(marshal.loads(",
    b"exec(zlib.decompress(",
    b"exec(base64.b64decode(",
)


_RULE_OF_KIND = {
    "notebooks": "archive.notebooks",
    "dotnet": "archive.dotnet",
    "obfuscated": "archive.obfuscated",
    "repositories": "archive.repository",
    "environments": "archive.environment",
    "programs": "archive.executable",
}


def _gathered(report: Report) -> dict[str, list[Any]]:
    kept: dict[str, list[Any]] = report.facts.setdefault("_gathered", {})
    return kept


def _keep(report: Report, kind: str, what: Any) -> None:
    rows = _gathered(report).setdefault(kind, [])
    if len(rows) < MOST_NAMES and what not in rows:
        rows.append(what)


def paths(names: Iterable[str], subject: Subject, report: Report) -> None:
    """What the list of names alone tells: repositories and virtual environments."""
    if subject.slot != "model_archive":
        return
    for name in names:
        parts = name.replace("\\", "/").split("/")
        for index, part in enumerate(parts[:-1] if not name.endswith("/") else parts):
            if part.lower() in _REPOSITORIES:
                _keep(report, "repositories", "/".join(parts[: index + 1]))
        if parts[-1].lower() == "pyvenv.cfg":
            _keep(report, "environments", "/".join(parts[:-1]) or parts[-1])


def note(subject: Subject, detected: str, head: bytes, report: Report) -> None:
    """Remember what one member is. Called for every member of every archive, before its own examiner."""
    if subject.slot == "data_example":
        if detected in ("pe", "elf", "macho", "shell", "java-class", "msi", "wasm"):
            report.find("data.executable", subject, detected=detect.said(detected))
        return
    path = PurePosixPath((subject.member or subject.name).replace("\\", "/").rpartition("!/")[2])
    name, suffix, shown = path.name, path.suffix.lower(), subject.member or subject.name
    if _LICENCE.match(name):
        _keep(report, "licences", shown)
    if _inside_environment(path):
        return
    if _DOCKERFILE.match(name) or _COMPOSE.match(name):
        _keep(report, "docker", shown)
        if _COMPOSE.match(name):
            from backoffice.inspection import docker_config  # slow to import, seldom needed

            docker_config.weigh(subject, path.parent, report)
    elif suffix == ".ipynb":
        _keep(report, "notebooks", shown)
    elif suffix in _SOURCES and detected not in ("pe", "elf", "pyc"):
        _source(name, shown, head, report)
    _binary(detected, suffix, shown, head, report)
    _secrets(subject, name, detected, head, report)


def _inside_environment(path: PurePosixPath) -> bool:
    return any(part in ("site-packages", "dist-packages", ".venv", "venv", "node_modules") for part in path.parts[:-1])


def _source(name: str, shown: str, head: bytes, report: Report) -> None:
    if any(mark in head for mark in _OBFUSCATED):
        _keep(report, "obfuscated", shown)
    elif name.lower() not in _NOT_SOURCES or len(head) > 4096:
        _keep(report, "sources", shown)


def _binary(detected: str, suffix: str, shown: str, head: bytes, report: Report) -> None:
    if detected in ("pe", "elf", "macho"):
        _program(detected, suffix, shown, head, report)
    elif suffix in _INSTALLERS or detected in ("msi", "rpm"):
        _keep(report, "programs", shown)
    elif detected == "pyc" or suffix == ".pyc":
        _keep(report, "bytecode", shown)
    elif suffix == ".jar" or detected == "wasm":
        _keep(report, "compiled", {"name": shown, "kind": detected})
    elif suffix in _MODEL_EXTENSIONS and detected not in ("text", "html"):
        _keep(report, "model_files", {"name": shown, "kind": _MODEL_EXTENSIONS[suffix]})
    elif detected in _MODEL_FORMATS:
        _keep(report, "model_files", {"name": shown, "kind": _MODEL_FORMATS[detected]})


def _program(detected: str, suffix: str, shown: str, head: bytes, report: Report) -> None:
    library = suffix in _COMPILED or ".so." in shown.lower()
    if suffix in _INSTALLERS:
        _keep(report, "programs", shown)
    kind = "dotnet" if detected == "pe" and is_dotnet(head) else detected
    if kind == "dotnet":
        _keep(report, "dotnet", shown)
    if library or suffix in ("", ".bin", ".exe"):
        _keep(report, "compiled", {"name": shown, "kind": kind})


def is_dotnet(head: bytes) -> bool:
    """Whether a PE file has a CLI header: data directory 14 (ECMA-335 II.25.2.3.3)."""
    at = int.from_bytes(head[0x3C:0x40], "little")
    optional = at + 24
    if len(head) < optional + 2 or head[at : at + 4] != b"PE\0\0":
        return False
    plus = head[optional : optional + 2] == b"\x0b\x02"
    directory = optional + (112 if plus else 96) + 14 * 8
    return int.from_bytes(head[directory : directory + 4], "little") != 0


def _secrets(subject: Subject, name: str, detected: str, head: bytes, report: Report) -> None:
    """Keys and tokens in the first ``secrets_bytes`` of each text."""
    shown = subject.member or subject.name
    if _SECRET_FILES.match(name) and name.lower() not in (".env.example",):
        _keep(report, "secrets", (shown, name))
    elif detected in _TEXTS:
        data = head
        if subject.size > len(head):
            with subject.path.open("rb") as file:
                data = file.read(int(report.limits["secrets_bytes"]))
        for label, needles, pattern in _SECRET_TEXTS:
            if any(needle in data for needle in needles) and pattern.search(data):
                _keep(report, "secrets", (shown, label))
                return


def judge(subject: Subject, detected: str, report: Report) -> None:
    """The findings of the whole upload, and the facts for those who read on. Call it once, after the last member."""
    gathered = report.facts.pop("_gathered", {})
    report.facts.pop("_spent", None)
    if subject.slot != "model_archive":
        return
    for kind in ("compiled", "model_files", "docker", "sources", "notebooks", "licences", "bytecode"):
        if gathered.get(kind) or detected in ("zip", "7z", "tar.gz"):
            report.facts[kind] = gathered.get(kind, [])
    report.facts["has_docker_config"] = bool(gathered.get("docker"))
    if detected not in ("zip", "7z", "tar.gz") or report.coverage.members == 0:
        return
    _judge_model(subject, gathered, report)
    for kind, rule in _RULE_OF_KIND.items():
        if gathered.get(kind):
            report.find(rule, subject, names=_names(gathered[kind]))
    for shown, label in gathered.get("secrets", []):
        report.findings.append(_about(shown, label, report))


def _judge_model(subject: Subject, gathered: dict[str, list[Any]], report: Report) -> None:
    runnable = any(gathered.get(kind) for kind in ("compiled", "docker", "model_files"))
    bytecode, obfuscated, sources = (gathered.get(kind, []) for kind in ("bytecode", "obfuscated", "sources"))
    if not runnable and not bytecode and not obfuscated:
        if sources or gathered.get("notebooks"):
            report.find("archive.sources_only", subject, names=_names(sources or gathered["notebooks"]))
        elif not report.coverage.failed:  # of what could not be unpacked nobody knows what it holds
            report.find("archive.no_model", subject)
    elif sources:
        report.find("archive.sources_exposed", subject, names=_names(sources))
    if bytecode and not gathered.get("compiled") and not gathered.get("docker") and not sources:
        report.find("archive.bytecode_only", subject, names=_names(bytecode))


def _about(shown: str, label: str, report: Report) -> Finding:
    return Finding("archive.secret", report.severities["archive.secret"], shown, None, {"detail": label})


def _names(names: Sequence[str], most: int = 5) -> str:
    listed = ", ".join(names[:most])
    return listed if len(names) <= most else f"{listed} … (+{len(names) - most})"
