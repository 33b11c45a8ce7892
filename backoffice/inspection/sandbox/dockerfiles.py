"""Reading a Dockerfile with BuildKit's own parser, and rewriting it for the engine's classic builder; runs inside the jail only.

The classic builder is the one whose steps can be bounded in memory, processes, network and time. It knows no heredocs and no
``RUN --mount``: heredocs are rewritten into what means the same, caches are dropped, secrets are refused.

The engine itself has a network, and ADD, FROM, COPY --from and ONBUILD make it use that. So it is never left to guess what they name: it gets
names as they were read here, and what cannot be read here with certainty in a form that cannot download.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import dockerfile

from backoffice.inspection.sandbox.plan import Recipe, Refused

VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::?-(?P<default>[^}]*))?\}|(?P<bare>\w+))")
REMOTE = re.compile(r"^(https?|ftp|git|ssh)://|^git@|\.git(#|$)", re.IGNORECASE)
COPY_FLAG = re.compile(r"--(from|chown)=[^\s\"'\\]+")  # what the classic builder knows; no way to smuggle in a second one
LOCAL = re.compile(r"[\w./*?,=+@%~ -]+")  # a name that the builder's own variables, quotes and escapes do not make another
ALONE = re.compile(r"<<(-?)[\"']?\w+[\"']?")  # a heredoc without a command
SHEBANG = re.compile(r"#![ \t]*(\S+)[ \t]*(.*?)[ \t]*\n")  # a program and all the rest as one argument, as the kernel reads it
INSTRUCTIONS = {  # the parser takes any word for one
    "add", "arg", "cmd", "copy", "entrypoint", "env", "expose", "from", "healthcheck", "label", "maintainer", "onbuild", "run", "shell",
    "stopsignal", "user", "volume", "workdir",
}  # fmt: skip
See = Callable[..., None]


@dataclass(slots=True)
class _State:
    """What is known while walking down the file."""

    recipe: Recipe
    see: See
    arguments: dict[str, str] = field(default_factory=dict)
    stages: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    shells: dict[str, list[str]] = field(default_factory=dict)  # by stage, where the file names one
    shell: list[str] = field(default_factory=list)  # empty is the base image's
    user: str = ""
    last: int = 1

    def __post_init__(self) -> None:
        self.arguments.update(self.recipe.arguments)


def read(text: str, recipe: Recipe, see: See) -> None:
    """Fill ``recipe`` from the Dockerfile's text and tell what was seen. ``Refused`` when it cannot be parsed."""
    try:
        commands = dockerfile.parse_string(text)
    except (dockerfile.GoParseError, ValueError) as error:
        line = re.search(r"line (\d+)", str(error))
        number = int(line[1]) if line else None
        raise Refused("config.unreadable", file=recipe.file, line=number, detail=str(error)[:300]) from error
    state = _State(recipe, see)
    for command in commands:
        state.last, written = command.start_line, len(state.lines)
        if command.cmd.lower() not in INSTRUCTIONS:
            raise Refused(
                "config.unreadable",
                file=recipe.file,
                line=state.last,
                detail=f"⟦незнакомая инструкция|unknown instruction⟧: {command.cmd[:40]}",
            )
        _HANDLERS.get(command.cmd.lower(), _keep)(state, command)
        recipe.lines += [command.start_line] * (len(state.lines) - written)
    if not state.stages:
        raise Refused("config.unreadable", file=recipe.file, line=1, detail="FROM?")
    if state.user in ("", "0", "root"):
        see("docker.root", file=recipe.file, line=state.last)
    recipe.text = "\n".join(state.lines) + "\n"
    _means_the_same(recipe, [line.partition(" ")[0] for line in state.lines])


def _means_the_same(recipe: Recipe, wanted: list[str]) -> None:
    """The engine must not read other instructions in the rewritten text than those that were looked at (another escape character)."""
    try:
        found = [command.cmd.upper() for command in dockerfile.parse_string(recipe.text)]
    except (dockerfile.GoParseError, ValueError) as error:
        raise Refused("config.unreadable", file=recipe.file, detail=str(error)[:300]) from error
    if found != [name.upper() for name in wanted]:
        raise Refused("config.unreadable", file=recipe.file, line=1, detail="escape")


def _keep(state: _State, command: Any) -> None:
    state.lines.append(command.original)


def _from(state: _State, command: Any) -> None:
    image = expand(command.value[0], state.arguments)
    if image.lower() not in state.stages and image != "scratch":
        state.recipe.bases.append(image)
    state.stages.append(command.value[2].lower() if len(command.value) > 2 else "")
    state.recipe.exposed, state.recipe.volumes, state.user = [], [], ""
    state.shell = state.shells.get(image.lower(), [])
    state.shells[state.stages[-1]] = state.shell
    state.lines.append(" ".join(["FROM", image, *command.value[1:]]))


def _arg(state: _State, command: Any) -> None:
    for value in command.value:
        name, given, default = value.partition("=")
        if given:
            state.arguments.setdefault(name, default.strip("\"'"))
    _keep(state, command)


def _expose(state: _State, command: Any) -> None:
    for value in command.value:
        number = expand(value, state.arguments).partition("/")[0].partition("-")[0]
        if number.isdigit() and 0 < int(number) < 65536:
            state.recipe.exposed.append(int(number))
    _keep(state, command)


def _volume(state: _State, command: Any) -> None:
    state.recipe.volumes += [expand(value, state.arguments) for value in command.value]
    _keep(state, command)


def _user(state: _State, command: Any) -> None:
    state.user = command.value[0].partition(":")[0] if command.value else ""
    _keep(state, command)


def _env(state: _State, command: Any) -> None:
    pairs = list(command.value)
    for index in range(0, len(pairs) - 1, 2):
        state.arguments[pairs[index]] = pairs[index + 1].strip("\"'")
    _keep(state, command)


def _run(state: _State, command: Any) -> None:
    for flag in command.flags:
        if flag.startswith("--mount") and ("type=secret" in flag or "type=ssh" in flag):
            state.see("docker.secret", file=state.recipe.file, line=command.start_line, feature=flag)
        elif flag.startswith("--security"):
            state.see("compose.privileged", file=state.recipe.file, line=command.start_line, key=flag)
        elif not (flag.startswith("--mount") and "type=cache" in flag):
            state.see("docker.unsupported", file=state.recipe.file, line=command.start_line, feature=flag)
    if command.json:
        state.lines.append("RUN " + json.dumps(list(command.value)))
    elif command.heredocs:
        _heredoc(state, command)
    elif command.flags:
        state.lines.append("RUN " + " ".join(command.value))
    else:
        _keep(state, command)


def _heredoc(state: _State, command: Any) -> None:
    """A heredoc alone is a script for the program its first line names, or else for the shell, which reads one after a command too.

    The shell may be the base image's own, which only the builder knows: a file that it is told to read serves any of them.
    """
    alone, doc = ALONE.fullmatch(command.value[0].strip()), command.heredocs[0]
    if not alone:
        script = "\n".join([command.value[0], *(f"{each.content}{each.name}" for each in command.heredocs), ""])
    else:
        script = re.sub(r"^\t+", "", doc.content, flags=re.MULTILINE) if alone[1] else doc.content
    named = SHEBANG.match(script) if alone else None
    if state.shell and not named:
        state.lines.append("RUN " + json.dumps([*state.shell, script]))
        return
    file = f".heredoc-{len(state.recipe.extra)}"
    state.recipe.extra[file] = script
    state.lines.append("COPY " + json.dumps([file, f"/{file}"]))
    state.lines.append("RUN " + json.dumps([*filter(None, named.groups()), f"/{file}"]) if named else f"RUN . /{file}")


def _shell(state: _State, command: Any) -> None:
    state.shell = list(command.value)
    if state.stages:
        state.shells[state.stages[-1]] = state.shell
    _keep(state, command)


def _copy(state: _State, command: Any) -> None:
    flags = [flag for flag in command.flags if COPY_FLAG.fullmatch(flag)]
    outer = [flag.partition("=")[2] for flag in flags if flag.startswith("--from")]
    if outer and outer[0].lower() not in state.stages and not outer[0].isdigit():
        state.recipe.bases.append(outer[0])
    values = list(command.value)
    docs = {doc.name: doc.content for doc in command.heredocs}
    for index, source in enumerate(values[:-1]):
        match = re.fullmatch(r"<<-?([\"']?)(\w+)[\"']?", source)
        if match and match[2] in docs:
            text = docs[match[2]]
            values[index] = f".heredoc-{len(state.recipe.extra)}-{match[2]}"
            state.recipe.extra[values[index]] = text if match[1] else expand(text, state.arguments)
        elif not outer:
            _source(state, command, source)
    mode = _chmod(state, command, outer)
    state.recipe.modes |= {expand(source, state.arguments).removeprefix("./").strip("/"): mode for source in values[:-1] if mode}
    name, values = _added(values, state.arguments) if command.cmd.lower() == "add" else ("COPY", values)
    state.lines.append(f"{name} " + " ".join([*flags, json.dumps(values)]))


def _added(values: list[str], arguments: dict[str, str]) -> tuple[str, list[str]]:
    """ADD with its names spelled out; where they cannot be, COPY, which never downloads."""
    plain = [expand(value, arguments) for value in values]
    return ("ADD", plain) if all(LOCAL.fullmatch(value) for value in plain) else ("COPY", values)


def _trigger(state: _State, command: Any) -> None:
    state.see("docker.unsupported", file=state.recipe.file, line=command.start_line, feature=f"ONBUILD {command.sub_cmd}")


def _chmod(state: _State, command: Any, outer: list[str]) -> int:
    """The mode of ``--chmod``, which goes into the context instead; other flags that the classic builder does not know are remarked."""
    mode = 0
    for flag in command.flags:
        number = re.fullmatch(r"--chmod=([0-7]{3,4})", flag)
        if number and not outer:
            mode = int(number[1], 8)
        elif not COPY_FLAG.fullmatch(flag) and flag != "--link":
            state.see("docker.unsupported", file=state.recipe.file, line=command.start_line, feature=flag)
    return mode


def _source(state: _State, command: Any, source: str) -> None:
    path = expand(source, state.arguments)
    if REMOTE.search(path):
        state.see("docker.download", file=state.recipe.file, line=command.start_line, url=path[:200])
    elif escapes(path):
        state.see("config.escape", file=state.recipe.file, line=command.start_line, path=path[:200])


def escapes(path: str) -> bool:
    """Whether a relative path climbs above where it starts."""
    depth = 0
    for part in PurePosixPath(path.lstrip("/")).parts:
        depth += -1 if part == ".." else part != "."
        if depth < 0:
            return True
    return False


def expand(text: str, values: dict[str, str]) -> str:
    """``$NAME`` and ``${NAME:-default}`` from the file's own ARG and ENV; what has no value becomes empty."""
    return VARIABLE.sub(lambda m: values.get(m["braced"] or m["bare"]) or m["default"] or "", text)


_HANDLERS: dict[str, Callable[[_State, Any], None]] = {
    "from": _from, "arg": _arg, "expose": _expose, "volume": _volume, "user": _user, "env": _env, "run": _run, "copy": _copy, "add": _copy,
    "onbuild": _trigger, "shell": _shell,
}  # fmt: skip
