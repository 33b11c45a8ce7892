"""Archives, good, damaged and hostile, and what a model archive may hold (A7, A10)."""

from __future__ import annotations

import io
import random
import stat
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

from tests.corpus.case import Case
from tests.corpus.pack import gzipped, raw_zip, row, sevened, tar_row, tarred, tiny_pe, write, zip_with, zipped

DATA, MODEL = "data_example", "model_archive"
NOISE = random.Random(7).randbytes(20_000)
TEXT = "Прогноз спроса по магазинам сети.\n".encode() * 40
PLAIN = {"данные/описание.txt": TEXT, "данные/заметки.txt": TEXT[:200]}


def _good() -> list[Case]:
    with_folder = zip_with([(row("папка/", stat.S_IFDIR | 0o755), b""), (row("папка/файл.txt"), TEXT)])
    cp866 = raw_zip([("Отчёт за март.txt".encode("cp866"), TEXT, {})])
    unflagged = raw_zip([("Отчёт.txt".encode(), TEXT, {})])
    comment = zipped(PLAIN)[:-2] + struct.pack("<H", 12) + b"made by hand"
    long_name = "очень-длинная-папка-" * 6 + "/файл.txt"
    windows_name = "данные/отчёт.txt".encode("cp866").decode("utf-8", "surrogateescape")
    return [
        Case("ordinary.zip", DATA, write(zipped(PLAIN)), "pass"),
        Case("stored.zip", DATA, write(zipped(PLAIN, zipfile.ZIP_STORED)), "pass"),
        Case("bzip2.zip", DATA, write(zipped(PLAIN, zipfile.ZIP_BZIP2)), "pass"),
        Case("lzma.zip", DATA, write(zipped(PLAIN, zipfile.ZIP_LZMA)), "pass"),
        Case("with-folders.zip", DATA, write(with_folder), "pass"),
        Case("cp866-names.zip", DATA, write(cp866), "pass"),
        Case("utf8-names-without-the-flag.zip", DATA, write(unflagged), "pass"),
        Case("with-a-comment.zip", DATA, write(comment), "pass"),
        Case("streamed.zip", DATA, _streamed, "pass"),
        Case("zip64.zip", DATA, _zip64, "pass"),
        Case(
            "nested-twice.zip", DATA, write(zipped({"b.zip": zipped({"c.tar.gz": gzipped(tarred([("d.txt", TEXT)]))})})), "pass"
        ),
        Case("ordinary.tar.gz", DATA, write(gzipped(tarred([*PLAIN.items()]))), "pass"),
        Case("gnu-names.tar.gz", DATA, write(gzipped(tarred([(long_name, TEXT)], kind=tarfile.GNU_FORMAT))), "pass"),
        Case("pax-names.tar.gz", DATA, write(gzipped(tarred([(long_name, TEXT)]))), "pass"),
        Case("cp866-names.tar.gz", DATA, write(gzipped(tarred([(windows_name, TEXT)], kind=tarfile.GNU_FORMAT))), "pass"),
        Case("two-gzip-members.tar.gz", DATA, write(_in_two_members(tarred([*PLAIN.items()]))), "pass"),
        Case("ordinary.7z", DATA, write(sevened(PLAIN)), "pass"),
        Case("with-a-plain-header.7z", DATA, write(sevened(PLAIN, header_encryption=False)), "pass"),
        Case("one-empty-member.7z", DATA, write(sevened({**PLAIN, "пусто.txt": b""})), "pass"),
        Case("incompressible.7z", DATA, write(sevened({"шум.txt": TEXT, **PLAIN})), "pass"),
    ]


def _streamed(path: Path) -> None:
    """As written to a pipe: sizes stand behind the data."""

    class Pipe:
        def __init__(self) -> None:
            self.file = path.open("wb")

        def write(self, data: bytes) -> int:
            return self.file.write(data)

        def flush(self) -> None:
            self.file.flush()

    pipe = Pipe()
    with pipe.file, zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for name, data in PLAIN.items():
            archive.writestr(name, data)


def _zip64(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive, archive.open(zipfile.ZipInfo("a.txt"), "w", force_zip64=True) as member:
        member.write(TEXT)


def _in_two_members(data: bytes) -> bytes:
    half = len(data) // 2
    return gzipped(data[:half]) + gzipped(data[half:])


def _damaged() -> list[Case]:
    whole, tar = zipped({"a.txt": TEXT, "b.txt": NOISE.hex().encode()}), gzipped(tarred([("a.txt", NOISE.hex().encode())]))
    seven = sevened({"a.txt": NOISE.hex().encode()})
    return [
        Case("empty.zip", DATA, write(b""), "reject", ("format.empty",)),
        Case("no-members.zip", DATA, write(zipped({})), "reject", ("archive.empty",)),
        Case("cut.zip", DATA, write(whole[: len(whole) // 2]), "reject", ("format.truncated",)),
        Case("a-flipped-bit.zip", DATA, write(_flipped(whole, 60)), "reject", ("archive.damaged",)),
        Case(
            "wrong-crc.zip",
            DATA,
            write(raw_zip([(b"a.txt", TEXT, {"central_crc": 1, "local_crc": 1})])),
            "reject",
            ("archive.damaged",),
        ),
        Case("cut.tar.gz", DATA, write(tar[: len(tar) // 2]), "reject", ("format.truncated",)),
        Case("cut-in-the-trailer.tar.gz", DATA, write(tar[:-3]), "reject", ("format.truncated",)),
        Case("wrong-gzip-crc.tar.gz", DATA, write(_flipped(tar, -6)), "reject", ("archive.damaged",)),
        Case(
            "cut-tar-whole-gzip.tar.gz", DATA, write(gzipped(tarred([("a.txt", NOISE)])[:5000])), "reject", ("archive.damaged",)
        ),
        Case("broken-second-header.tar.gz", DATA, write(gzipped(_broken_header())), "reject", ("archive.hidden",)),
        Case("not-a-tar.tar.gz", DATA, write(gzipped(TEXT * 10)), "reject", ("format.mismatch",)),
        Case("cut.7z", DATA, write(seven[: len(seven) // 2]), "reject", ("format.truncated",)),
        Case("a-flipped-bit.7z", DATA, write(_flipped(seven, 300)), "reject", ("archive.damaged",)),
        Case("a-flipped-header.7z", DATA, write(_flipped(seven, 14)), "reject", ("archive.damaged",)),
        Case("trailing-bytes.zip", DATA, write(whole + b"\n\n some notes \n"), "warn", ("format.trailing",)),
        Case("trailing-bytes.7z", DATA, write(seven + b" some notes "), "warn", ("format.trailing",)),
        Case("trailing-bytes.tar.gz", DATA, write(tar + b" some notes "), "warn", ("format.trailing",)),
        Case("a-png-named.zip", DATA, write(b"\x89PNG\r\n\x1a\n" + NOISE[:200]), "reject", ("format.mismatch",)),
        Case("a-zip-named.7z", DATA, write(whole), "reject", ("format.mismatch",)),
        Case("a-zip-named.docx", "instruction", write(whole), "reject", ("format.mismatch",)),
        Case("a-program-named.zip", DATA, write(tiny_pe()), "reject", ("data.executable", "format.mismatch")),
        Case("an-archive.rar", DATA, write(b"Rar!\x1a\x07\x01\x00" + NOISE[:100]), "reject", ("format.extension",)),
        Case("terms.zip", "terms_of_use", write(whole), "reject", ("format.extension",)),
    ]


def _flipped(data: bytes, at: int) -> bytes:
    damaged = bytearray(data)
    damaged[at] ^= 0x10
    return bytes(damaged)


def _broken_header() -> bytes:
    tar = bytearray(tarred([("a.txt", b"x" * 512), ("b.txt", b"y" * 512)]))
    tar[1024 + 20] ^= 0xFF
    return bytes(tar)


def _names() -> list[Case]:
    def bad(name: str, *entries: tuple[str, bytes], verdict: str = "reject", rules: tuple[str, ...]) -> Case:
        return Case(
            name, DATA, write(raw_zip([(entry.encode(), data, {"flags": 0x800}) for entry, data in entries])), verdict, rules
        )

    return [
        bad("dot-dot.zip", ("../../etc/cron.d/x", TEXT), rules=("archive.traversal",)),
        bad("absolute.zip", ("/etc/cron.d/x", TEXT), rules=("archive.traversal",)),
        bad("drive-letter.zip", ("C:/Windows/x.txt", TEXT), rules=("archive.traversal",)),
        bad("backslash-dot-dot.zip", ("..\\..\\x.txt", TEXT), rules=("archive.traversal",)),
        bad("backslashes.zip", ("data\\x.txt", TEXT), verdict="warn", rules=("archive.odd_name",)),
        bad("control-characters.zip", ("a\x1b[2Jb.txt", TEXT), verdict="warn", rules=("archive.odd_name",)),
        bad("right-to-left.zip", ("отчёт\u202etxt.exe.txt", TEXT), verdict="warn", rules=("archive.odd_name",)),
        bad("reserved-by-windows.zip", ("aux.txt", TEXT), verdict="warn", rules=("archive.odd_name",)),
        bad("case-collision.zip", ("Данные.txt", TEXT), ("данные.txt", TEXT), verdict="warn", rules=("archive.case_collision",)),
        bad("duplicate-names.zip", ("a.txt", TEXT), ("a.txt", b"another"), rules=("archive.duplicate",)),
        Case("dot-dot.tar.gz", DATA, write(gzipped(tarred([("../x.txt", TEXT)]))), "reject", ("archive.traversal",)),
        Case("absolute.tar.gz", DATA, write(gzipped(tarred([("/etc/x.txt", TEXT)]))), "reject", ("archive.traversal",)),
        Case(
            "duplicate-names.tar.gz",
            DATA,
            write(gzipped(tarred([("a.txt", TEXT), ("a.txt", b"b")]))),
            "reject",
            ("archive.duplicate",),
        ),
        Case("dot-dot.7z", DATA, _seven_outside, "reject", ("archive.traversal",)),
    ]


def _seven_outside(path: Path) -> None:
    """py7zr refuses to write such a name, so the name is changed afterwards."""
    path.write_bytes(_rewritten_seven("xx/x.txt".encode("utf-16-le"), "../x.txt".encode("utf-16-le")))


def _rewritten_seven(before: bytes, after: bytes) -> bytes:
    """A 7z of ``xx/x.txt`` with other bytes in its header, and both checksums of the header."""
    import py7zr

    packed = io.BytesIO()
    with py7zr.SevenZipFile(packed, "w", filters=[{"id": py7zr.FILTER_LZMA2, "preset": 6}]) as archive:
        archive.set_encoded_header_mode(False)
        archive.writestr(TEXT, "xx/x.txt")
    data = bytearray(packed.getvalue().replace(before, after))
    offset, length = struct.unpack_from("<QQ", data, 12)
    struct.pack_into("<L", data, 28, zlib.crc32(data[32 + offset : 32 + offset + length]))
    struct.pack_into("<L", data, 8, zlib.crc32(data[12:32]))
    return bytes(data)


def _links() -> list[Case]:
    def tar(name: str, kind: bytes, target: str, rule: str) -> Case:
        return Case(name, DATA, write(gzipped(tarred([("a.txt", TEXT), (tar_row("x", kind, target), b"")]))), "reject", (rule,))

    link = zip_with([(row("a.txt"), TEXT), (row("x", stat.S_IFLNK | 0o777), b"/etc/passwd")])
    pipe = zip_with([(row("a.txt"), TEXT), (row("x", stat.S_IFIFO | 0o644), b"")])
    return [
        Case("link.zip", DATA, write(link), "reject", ("archive.link",)),
        Case("pipe.zip", DATA, write(pipe), "reject", ("archive.special",)),
        tar("symbolic-link.tar.gz", tarfile.SYMTYPE, "/etc/passwd", "archive.link"),
        tar("hard-link.tar.gz", tarfile.LNKTYPE, "a.txt", "archive.link"),
        tar("device.tar.gz", tarfile.CHRTYPE, "", "archive.special"),
        tar("pipe.tar.gz", tarfile.FIFOTYPE, "", "archive.special"),
        Case("link.7z", DATA, _seven_link, "reject", ("archive.link",)),
    ]


def _seven_link(path: Path) -> None:
    import py7zr

    target = path.with_name("target-of-a-link.txt")
    pointer = path.with_name("a-link")
    target.write_bytes(TEXT)
    pointer.unlink(missing_ok=True)
    pointer.symlink_to(target.name)
    with py7zr.SevenZipFile(path, "w") as archive:
        archive.write(target, "a.txt")
        archive.write(pointer, "x")
    pointer.unlink()
    target.unlink()


def _hidden() -> list[Case]:
    first, second = zipped({"a.txt": TEXT}), zipped({"b.txt": TEXT})
    gap = raw_zip([(b"a.txt", TEXT, {})])
    directory = gap.index(b"PK\1\2")
    orphan = raw_zip([(b"hidden.txt", b"unseen", {})])
    orphan = orphan[: orphan.index(b"PK\1\2")]
    with_orphan = bytearray(gap[:directory] + orphan + gap[directory:])
    struct.pack_into("<L", with_orphan, len(with_orphan) - 6, directory + len(orphan))
    overlap = raw_zip([(b"a.txt", TEXT, {}), (b"a.txt", TEXT, {"at": 0})])
    return [
        Case("two-zips-in-one.zip", DATA, write(first + second), "reject", ("archive.hidden",)),
        Case("a-zip-after-the-end.zip", DATA, write(first + b"\0" * 70_000 + b"PK\3\4"), "reject", ("archive.hidden",)),
        Case("a-program-after-the-end.zip", DATA, write(first + tiny_pe()), "reject", ("archive.hidden",)),
        Case("an-orphan-member.zip", DATA, write(bytes(with_orphan)), "reject", ("archive.hidden",)),
        Case("overlapping.zip", DATA, write(overlap), "reject", ("archive.duplicate", "archive.overlap")),
        Case(
            "names-disagree.zip",
            DATA,
            write(raw_zip([(b"a.txt", TEXT, {"local_name": b"b.txt"})])),
            "reject",
            ("archive.disagreement",),
        ),
        Case(
            "sizes-disagree.zip", DATA, write(raw_zip([(b"a.txt", TEXT, {"local_size": 5})])), "reject", ("archive.disagreement",)
        ),
        Case(
            "a-tar-behind-the-end.tar.gz",
            DATA,
            write(gzipped(tarred([("a.txt", TEXT)]) + tarred([("b.txt", TEXT)]))),
            "reject",
            ("archive.hidden",),
        ),
        Case("an-archive-behind.7z", DATA, write(sevened(PLAIN) + first), "reject", ("archive.hidden",)),
        Case("between-the-streams.7z", DATA, write(_between_streams()), "reject", ("archive.hidden",)),
        Case("a-program-between.zip", DATA, _program_between, "reject", ("archive.self_extracting",)),
        Case("more-than-declared.zip", DATA, write(_surplus()), "reject", ("archive.bomb",)),
        Case("behind-the-deflate-stream.zip", DATA, write(_behind_deflate()), "reject", ("archive.hidden",)),
        Case("self-extracting.zip", MODEL, write(tiny_pe() + first), "reject", ("format.mismatch",)),
    ]


def _between_streams() -> bytes:
    """Bytes in front of the header that no stream of the archive uses; the checksums are right."""
    whole, hidden = sevened(PLAIN), b"nobody will ever see this"
    offset, length, crc = struct.unpack("<QQL", whole[12:32])
    start = struct.pack("<QQL", offset + len(hidden), length, crc)
    return whole[:8] + struct.pack("<L", zlib.crc32(start)) + start + whole[32 : 32 + offset] + hidden + whole[32 + offset :]


def _program_between(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", TEXT)
        if archive.fp is not None:
            archive.fp.seek(archive.start_dir)
            archive.fp.write(tiny_pe())
            archive.start_dir = archive.fp.tell()
        archive.writestr("b.txt", TEXT)


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def _one_deflated(packed: bytes, *, crc: int, size: int) -> bytes:
    fields = {"method": 8, "local_crc": crc, "central_crc": crc, "local_size": size, "central_size": size}
    return raw_zip([(b"a.txt", packed, fields)])


def _surplus() -> bytes:
    return _one_deflated(_deflated(TEXT), crc=zlib.crc32(TEXT[:100]), size=100)


def _behind_deflate() -> bytes:
    return _one_deflated(_deflated(TEXT) + b"something to hide", crc=zlib.crc32(TEXT), size=len(TEXT))


def _bombs() -> list[Case]:
    big = bytes(100 << 20)
    return [
        Case("zeros.zip", DATA, lambda path: path.write_bytes(zipped({"a.txt": big})) and None, "reject", ("archive.bomb",)),
        Case(
            "zeros.tar.gz",
            DATA,
            lambda path: path.write_bytes(gzipped(tarred([("a.txt", big)]))) and None,
            "reject",
            ("archive.bomb",),
        ),
        Case("zeros.7z", DATA, lambda path: path.write_bytes(sevened({"a.txt": big})) and None, "reject", ("archive.bomb",)),
        Case(
            "a-dictionary-of-gigabytes.7z",
            DATA,
            write(_rewritten_seven(b"\x21\x21\x01\x16", b"\x21\x21\x01\x25")),
            "pass",
        ),
        Case("five-deep.zip", DATA, write(_deep(5)), "reject", ("archive.too_deep",)),
        Case("four-deep.zip", DATA, write(_deep(4)), "pass"),
        Case("many-members.zip", DATA, _many, "reject", ("archive.bomb",)),
        Case(
            "encrypted.7z",
            DATA,
            lambda path: path.write_bytes(sevened(PLAIN, password="secret")) and None,
            "reject",
            ("antivirus.encrypted", "archive.encrypted"),
        ),
        Case(
            "encrypted-header.7z",
            DATA,
            lambda path: path.write_bytes(_hidden_names()) and None,
            "reject",
            ("antivirus.encrypted", "archive.encrypted"),
        ),
        Case(
            "encrypted.zip",
            DATA,
            write(raw_zip([(b"a.txt", NOISE[:200], {"flags": 1})])),
            "reject",
            ("antivirus.encrypted", "archive.encrypted"),
        ),
        Case("one-volume-of-three.zip", DATA, write(_volume()), "reject", ("archive.split",)),
        Case("unknown-method.zip", DATA, write(raw_zip([(b"a.txt", TEXT, {"method": 77})])), "warn", ("archive.method",)),
    ]


def _deep(levels: int) -> bytes:
    data, name = TEXT, "a.txt"
    for level in range(levels):
        data, name = zipped({name: data}), f"{level}.zip"
    return data


def _many(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(100_001):
            archive.writestr(zipfile.ZipInfo(f"{number}.txt"), b"")


def _hidden_names() -> bytes:
    return sevened(PLAIN, password="secret", header_encryption=True)


def _volume() -> bytes:
    data = bytearray(zipped(PLAIN))
    struct.pack_into("<HH", data, len(data) - 18, 2, 0)
    return bytes(data)


CASES = [*_good(), *_damaged(), *_names(), *_links(), *_hidden(), *_bombs()]
