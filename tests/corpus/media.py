"""Data examples to look at and to listen to: jpeg, png, wav, avi; good, damaged and hostile (A7)."""

from __future__ import annotations

import io
import zipfile
import zlib

from PIL import Image

from tests.corpus.case import Case
from tests.corpus.data import put
from tests.corpus.pack import tiny_pe, zipped
from tests.corpus.pictures import chunk, image, png, saved, segment, with_chunk, with_segment
from tests.corpus.sounds import avi, part, pcm, riff, wav

DATA = "data_example"
ZIP = zipped({"a.txt": b"hidden"}, zipfile.ZIP_STORED)
PHP = b"<?php system($_GET['c']); ?>"
EXIF = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"


def _good_png() -> list[Case]:
    modes = {"rgb": "RGB", "серый": "L", "rgba": "RGBA", "palette": "P", "black-and-white": "1", "sixteen-bits": "I;16"}
    return [
        *(Case(f"{name}.png", DATA, put(saved("PNG", mode)), "pass") for name, mode in modes.items()),
        Case("large.png", DATA, put(saved("PNG", size=(900, 700))), "pass"),
        Case("one-pixel.png", DATA, put(saved("PNG", size=(1, 1))), "pass"),
        Case("animated.png", DATA, put(_animated()), "pass"),
        Case("с-подписью.png", DATA, put(with_chunk(saved("PNG"), chunk(b"iTXt", "Title\0\0\0ru\0\0Образец".encode()))), "pass"),
        Case(
            "packed-text.png",
            DATA,
            put(with_chunk(saved("PNG"), chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"text")))),
            "pass",
        ),
    ]


def _animated() -> bytes:
    out = io.BytesIO()
    image().save(out, "PNG", save_all=True, append_images=[image(mode="L").convert("RGB")], duration=100)
    return out.getvalue()


def _bad_png() -> list[Case]:
    good = saved("PNG")
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(64 << 20)))
    broken_text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * 90)[:-6])
    return [
        Case("cut.png", DATA, put(good[: len(good) // 2]), "reject", ("format.truncated",)),
        Case("without-its-end.png", DATA, put(good[:-12]), "reject", ("format.truncated",)),
        Case("pixels-changed.png", DATA, put(good[:60] + b"\0\1\2" + good[63:]), "reject", ("format.damaged",)),
        Case(
            "wrong-checksum-of-a-text.png",
            DATA,
            put(with_chunk(good, chunk(b"tEXt", b"a\0b", crc=1))),
            "reject",
            ("format.damaged",),
        ),
        Case("too-few-pixels.png", DATA, put(png(50, 50, zlib.compress(bytes(500)))), "reject", ("format.truncated",)),
        Case("too-many-pixels.png", DATA, put(png(50, 50, zlib.compress(bytes(9 << 20)))), "reject", ("format.bomb",)),
        Case("huge.png", DATA, put(png(60_000, 60_000, zlib.compress(bytes(9)))), "reject", ("image.bomb",)),
        Case("text-bomb.png", DATA, put(with_chunk(good, text)), "reject", ("format.bomb",)),
        Case("zip-after-the-end.png", DATA, put(good + ZIP), "reject", ("format.hidden",)),
        Case("program-after-the-end.png", DATA, put(good + tiny_pe()), "reject", ("format.hidden",)),
        Case("much-after-the-end.png", DATA, put(good + b"data" * 40_000), "reject", ("format.hidden",)),
        Case("little-after-the-end.png", DATA, put(good + b"made by me"), "warn", ("format.trailing",)),
        Case(
            "script-in-a-text.png", DATA, put(with_chunk(good, chunk(b"tEXt", b"Comment\0" + PHP))), "reject", ("format.hidden",)
        ),
        Case("zip-in-a-chunk.png", DATA, put(with_chunk(good, chunk(b"prVt", ZIP))), "reject", ("format.hidden",)),
        Case("extra-in-the-pixels.png", DATA, put(png(2, 2, zlib.compress(bytes(6)) + ZIP)), "reject", ("format.hidden",)),
        Case("a-jpeg.png", DATA, put(saved("JPEG")), "reject", ("format.mismatch",)),
        Case("packed-text-broken.png", DATA, put(with_chunk(good, broken_text)), "reject", ("format.damaged",)),
    ]


def _good_jpeg() -> list[Case]:
    good = saved("JPEG")
    samsung = good + b"\0" * 40 + b"SEFH" + b"\0" * 20 + b"SEFT"
    several = with_segment(good, segment(0xE2, b"MPF\0II*\0\x08\0\0\0\0\0\0\0\0\0"))
    return [
        Case("фото.jpeg", DATA, put(good), "pass"),
        Case("photo.jpg", DATA, put(good), "pass"),
        Case("grey.jpg", DATA, put(saved("JPEG", "L")), "pass"),
        Case("cmyk.jpg", DATA, put(saved("JPEG", "CMYK")), "pass"),
        Case("progressive.jpg", DATA, put(saved("JPEG", progressive=True, size=(300, 200))), "pass"),
        Case("large.jpg", DATA, put(saved("JPEG", size=(2400, 1700), quality=60)), "pass"),
        Case("restarts.jpg", DATA, put(saved("JPEG", size=(200, 200), restart_marker_blocks=2)), "pass"),
        Case("with-exif.jpg", DATA, put(saved("JPEG", exif=_turned())), "pass"),
        Case("with-a-thumbnail.jpg", DATA, put(with_segment(good, segment(0xE1, EXIF + saved("JPEG", size=(16, 16))))), "pass"),
        Case("from-samsung.jpg", DATA, put(samsung), "pass"),
        Case("with-a-second-picture.jpg", DATA, put(several + good), "pass"),
        Case("zeros-to-the-block.jpg", DATA, put(good + bytes(512)), "pass"),
    ]


def _turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "Участок № 5"
    return exif.tobytes()


def _bad_jpeg() -> list[Case]:
    good = saved("JPEG", size=(200, 200))
    video = b"\0\0\0\x18ftypmp42" + b"\1\2\3\4" * 40_000
    moving = with_segment(good, segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x GCamera:MotionPhoto='1'/>")) + video
    frame = good.index(b"\xff\xc0") + 5
    return [
        Case("cut.jpg", DATA, put(good[: len(good) // 2]), "reject", ("format.truncated",)),
        Case("without-its-end.jpg", DATA, put(good[:-2]), "reject", ("format.truncated",)),
        Case("header-alone.jpg", DATA, put(good[:20]), "reject", ("format.truncated",)),
        Case("no-tables.jpg", DATA, put(good[:2] + good[good.index(b"\xff\xc0") :]), "reject", ("format.damaged",)),
        Case("marker-lost.jpg", DATA, put(good[:20] + b"\0\0" + good[22:]), "reject", ("format.damaged",)),
        Case("huge.jpg", DATA, put(good[:frame] + b"\xff\xff\xff\xff" + good[frame + 4 :]), "reject", ("image.bomb",)),
        Case("no-height.jpg", DATA, put(good[:frame] + b"\0\0" + good[frame + 2 :]), "reject", ("format.damaged",)),
        Case("zip-after-the-end.jpg", DATA, put(good + ZIP), "reject", ("format.hidden",)),
        Case("program-after-the-end.jpg", DATA, put(good + tiny_pe()), "reject", ("format.hidden",)),
        Case("much-after-the-end.jpg", DATA, put(good + b"data" * 40_000), "reject", ("format.hidden",)),
        Case("script-in-a-comment.jpg", DATA, put(with_segment(good, segment(0xFE, PHP))), "reject", ("format.hidden",)),
        Case("zip-in-a-comment.jpg", DATA, put(with_segment(good, segment(0xFE, ZIP))), "reject", ("format.hidden",)),
        Case("a-png.jpeg", DATA, put(saved("PNG")), "reject", ("format.mismatch",)),
        Case("a-web-page.jpg", DATA, put(b"<html><script>alert(1)</script></html>"), "reject", ("format.mismatch",)),
        Case("two-glued.jpg", DATA, put(good + good), "warn", ("format.trailing",)),
        Case("motion-photo.jpg", DATA, put(moving), "warn", ("format.trailing",)),
        Case("little-after-the-end.jpg", DATA, put(good + b"made by me"), "warn", ("format.trailing",)),
    ]


def _good_wav() -> list[Case]:
    subtypes = ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM", "GSM610")
    tagged = wav() + part(b"LIST", b"INFOINAM" + (12).to_bytes(4, "little") + "Запись".encode())
    return [
        *(Case(f"{subtype.lower()}.wav", DATA, put(wav(subtype)), "pass") for subtype in subtypes),
        Case("стерео.wav", DATA, put(wav(channels=2)), "pass"),
        Case("six-channels.wav", DATA, put(wav(channels=6, kind="WAVEX")), "pass"),
        Case("sixty-four-bits.wav", DATA, put(wav(kind="RF64")), "pass"),
        Case("с-названием.wav", DATA, put(b"RIFF" + (len(tagged) - 8).to_bytes(4, "little") + tagged[8:]), "pass"),
    ]


def _bad_wav() -> list[Case]:
    good = wav()
    endless = good[:4] + b"\xff\xff\xff\xff" + good[8:40] + b"\xff\xff\xff\xff" + good[44:]
    sound = bytes(range(200)) * 8
    return [
        Case("streamed.wav", DATA, put(endless), "warn", ("wav.sizes",)),
        Case(
            "a-chunk-not-counted.wav",
            DATA,
            put(b"RIFF" + (len(good) - 20).to_bytes(4, "little") + good[8:]),
            "warn",
            ("wav.sizes",),
        ),
        Case("big-endian.wav", DATA, put(b"RIFX" + good[4:]), "warn", ("wav.codec",)),
        Case("little-after-the-end.wav", DATA, put(good + b"made by me"), "warn", ("format.trailing",)),
        Case("cut.wav", DATA, put(good[: len(good) // 2]), "reject", ("format.truncated",)),
        Case("data-longer-than-the-file.wav", DATA, put(good[:40] + b"\0\0\1\0" + good[44:]), "reject", ("format.truncated",)),
        Case("half-a-sample.wav", DATA, put(riff(b"WAVE", pcm(), part(b"data", sound[:-1]))), "reject", ("format.truncated",)),
        Case("silent.wav", DATA, put(riff(b"WAVE", pcm(), part(b"data", b""))), "reject", ("wav.no_sound",)),
        Case("no-data.wav", DATA, put(riff(b"WAVE", pcm())), "reject", ("format.damaged",)),
        Case("no-channels.wav", DATA, put(riff(b"WAVE", pcm(channels=0), part(b"data", sound))), "reject", ("format.damaged",)),
        Case(
            "thousand-channels.wav",
            DATA,
            put(riff(b"WAVE", pcm(channels=1000), part(b"data", sound))),
            "reject",
            ("format.damaged",),
        ),
        Case("widths-disagree.wav", DATA, put(riff(b"WAVE", pcm(align=7), part(b"data", sound))), "reject", ("format.damaged",)),
        Case("zip-after-the-end.wav", DATA, put(good + ZIP), "reject", ("format.hidden",)),
        Case(
            "zip-in-a-chunk.wav",
            DATA,
            put(riff(b"WAVE", pcm(), part(b"junk", ZIP), part(b"data", sound))),
            "reject",
            ("format.hidden",),
        ),
        Case("rare-codec.wav", DATA, put(riff(b"WAVE", pcm(kind=0x270), part(b"data", sound))), "warn", ("wav.codec",)),
        Case("a-video.wav", DATA, put(avi(frames=3)), "reject", ("format.mismatch",)),
    ]


def _good_avi() -> list[Case]:
    return [
        Case("mjpeg.avi", DATA, put(avi()), "pass"),
        Case("mpeg4.avi", DATA, put(avi("mpeg4", "yuv420p")), "pass"),
        Case("h264.avi", DATA, put(avi("libx264", "yuv420p")), "pass"),
        Case("huffyuv.avi", DATA, put(avi("huffyuv", "yuv422p")), "pass"),
        Case("один-кадр.avi", DATA, put(avi(frames=1)), "pass"),
    ]


def _bad_avi() -> list[Case]:
    good = avi()
    playlist = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"
    codec = good.replace(b"MJPG", b"ZZ9Z")
    size = good.index(b"strf") + 12
    huge = good[:size] + (30_000).to_bytes(4, "little") * 2 + good[size + 8 :]
    return [
        Case("little-after-the-end.avi", DATA, put(good + b"made by me"), "warn", ("format.trailing",)),
        Case("rare-codec.avi", DATA, put(codec), "warn", ("avi.codec",)),
        Case("cut.avi", DATA, put(good[: len(good) // 2]), "reject", ("format.truncated",)),
        Case("middle-cut-out.avi", DATA, put(good[:9000] + good[9500:]), "reject", ("format.truncated",)),
        Case("chunk-name-broken.avi", DATA, put(good.replace(b"movi00dc", b"movi\0\1\2\3", 1)), "reject", ("format.damaged",)),
        Case("frame-of-no-stream.avi", DATA, put(good.replace(b"movi00dc", b"movi20dc", 1)), "reject", ("format.damaged",)),
        Case("header-alone.avi", DATA, put(riff(b"AVI ", part(b"LIST", b"hdrl"))), "reject", ("format.damaged",)),
        Case(
            "no-frames.avi",
            DATA,
            put(riff(b"AVI ", part(b"LIST", b"hdrl"), part(b"LIST", b"movi"))),
            "reject",
            ("avi.no_frames",),
        ),
        Case("huge.avi", DATA, put(huge), "reject", ("image.bomb",)),
        Case("zip-after-the-end.avi", DATA, put(good + ZIP), "reject", ("format.hidden",)),
        Case("playlist.avi", DATA, put(playlist), "reject", ("format.mismatch",)),
        Case("a-sound.avi", DATA, put(wav()), "reject", ("format.mismatch",)),
    ]


CASES = [
    *_good_png(),
    *_bad_png(),
    *_good_jpeg(),
    *_bad_jpeg(),
    *_good_wav(),
    *_bad_wav(),
    *_good_avi(),
    *_bad_avi(),
]
