"""Compiled code for the demo's archives: real predictions in C, built by gcc where there is one; else a small .dll put together by hand."""

from __future__ import annotations

import shutil
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

SCORE = """
/* The model: one row of numbers in, one score out. */
static const double weights[] = {%s};
static const double offset = %r;
__attribute__((visibility("default"))) double %s(const double *row, int count) {
    double sum = offset;
    for (int i = 0; i < count && i < (int)(sizeof weights / sizeof *weights); i++) sum += weights[i] * row[i];
    return sum;
}
"""
SERVER = r"""
#include <dirent.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char page[65536];

static int render(void) {
    int n = snprintf(page, sizeof page,
        "HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n\r\n"
        "<!doctype html><html lang=ru><meta charset=utf-8><title>%s</title>"
        "<style>body{font:18px/1.6 sans-serif;max-width:44em;margin:3em auto;color:#223}h1{color:#1f5fbf}li{font-family:monospace}</style>"
        "<h1>%s</h1><p>Модель загружена и ждёт снимков. Файлы из подключённой папки с данными:</p><ul>", TITLE, TITLE);
    DIR *folder = opendir("/data");
    for (struct dirent *e; folder && (e = readdir(folder)) && n < (int)sizeof page - 600;)
        if (e->d_name[0] != '.') n += snprintf(page + n, sizeof page - n, "<li>%s</li>", e->d_name);
    if (folder) closedir(folder);
    return n + snprintf(page + n, sizeof page - n, "</ul><p>Демонстрационная версия: 10 классов, до 500 снимков за запуск.</p></html>");
}

static void leave(int number) { _exit(0 * number); }

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, leave);
    signal(SIGINT, leave);
    int server = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(8888)};
    if (bind(server, (struct sockaddr *)&at, sizeof at) || listen(server, 16)) return 1;
    for (char asked[4096];;) {
        int client = accept(server, 0, 0);
        if (client < 0) continue;
        if (read(client, asked, sizeof asked) > 0 && write(client, page, render()) < 0) perror("write");
        close(client);
    }
}
"""


@cache
def shared_object(function: str, weights: Sequence[float], offset: float) -> bytes | None:
    """A stripped .so with one exported function; None without a compiler."""
    source = SCORE % (", ".join(repr(float(weight)) for weight in weights), float(offset), function)
    return _compiled(source, "-shared", "-fPIC", "-fvisibility=hidden")


@cache
def server(title: str) -> bytes | None:
    """A static web server for an empty image: shows the model's name and the files it was given; None without a compiler."""
    return _compiled(SERVER, "-static", f'-DTITLE="{title}"')


def _compiled(source: str, *options: str) -> bytes | None:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        done = subprocess.run(
            [compiler, "-x", "c", "-O2", "-s", *options, "-o", str(out), "-"],
            input=source.encode(),
            capture_output=True,
            check=False,
        )
        return out.read_bytes() if done.returncode == 0 else None


def library(name: str, function: str, weights: Sequence[float]) -> bytes:
    """A 64-bit .dll that exports one function and carries the weights: PE/COFF, put together field by field."""
    code = bytes.fromhex("b801000000c3").ljust(512, b"\0")  # mov eax, 1; ret
    exports = _exports(name, function, 0x2000, code_at=0x1000)
    data = exports.ljust(256, b"\0") + struct.pack(f"<{len(weights)}d", *weights)
    rdata = data.ljust(-(-len(data) // 512) * 512, b"\0")
    sections = _section(b".text", code, 6, (0x1000, 512), 0x60000020) + _section(
        b".rdata", rdata, len(data), (0x2000, 1024), 0x40000040
    )
    coff = struct.pack("<HHIIIHH", 0x8664, 2, 0, 0, 0, 240, 0x2022)
    size_of_image = 0x2000 + -(-len(data) // 0x1000) * 0x1000
    optional = struct.pack("<HBBIIIII", 0x20B, 14, 0, 512, len(rdata), 0, 0x1000, 0x1000)
    optional += struct.pack("<QIIHHHHHHIIIIHH", 0x180000000, 0x1000, 512, 6, 0, 0, 0, 6, 0, 0, size_of_image, 512, 0, 2, 0x160)
    optional += struct.pack("<QQQQII", 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    optional += struct.pack("<II", 0x2000, len(exports)) + b"\0" * 120
    dos = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
    headers = (dos + b"PE\0\0" + coff + optional + sections).ljust(512, b"\0")
    return headers + code + rdata


def _section(name: bytes, data: bytes, used: int, place: tuple[int, int], flags: int) -> bytes:
    at, offset = place
    return name.ljust(8, b"\0") + struct.pack("<IIIIIIHHI", used, at, len(data), offset, 0, 0, 0, 0, flags)


def _exports(name: str, function: str, base: int, *, code_at: int) -> bytes:
    names = name.encode() + b"\0", function.encode() + b"\0"
    tables = base + 40
    name_at, function_at = tables + 10, tables + 10 + len(names[0])
    head = struct.pack("<IIHHIIIIIII", 0, 0, 0, 0, name_at, 1, 1, 1, tables, tables + 4, tables + 8)
    return head + struct.pack("<IIH", code_at, function_at, 0) + names[0] + names[1]
