"""What both image formats share: the pixel limit, the full decoding by Pillow, and the picture for the moderator."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backoffice.inspection.report import Attachment, Broken, Report

if TYPE_CHECKING:
    from PIL import Image

_SIDES = (1600, 1200, 800, 400)  # of the preview, pixels; the first whose file is small enough
_REDUCIBLE = {"L", "LA", "RGB", "RGBA", "CMYK", "I", "F"}
_SHOWN_MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA"}


def check_pixels(width: int, height: int, report: Report) -> None:
    """``Broken`` for an image that takes a client's memory when opened, or has no pixels at all."""
    if width < 1 or height < 1:
        raise Broken("format.damaged", detail=f"{width}×{height}")
    limit = int(report.limits["image_pixels"])
    if width * height > limit:
        raise Broken("image.bomb", width=width, height=height, limit=limit)


def decode(path: Path, kind: str, report: Report) -> None:
    """Decode every pixel and attach a thumbnail. ``Broken`` when Pillow, pinned to ``kind``, cannot.

    A JPEG larger than the preview is decoded at a fraction of its size: all of its data is read, but memory stays small.
    """
    from PIL import Image, ImageOps

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # our own pixel limit is checked before; odd metadata is no damage
        Image.MAX_IMAGE_PIXELS = None
        try:
            with Image.open(path, formats=[kind]) as picture:
                width, height = picture.size
                picture.draft("RGB", (_SIDES[0], _SIDES[0]))
                picture.load()
                mode, frames = picture.mode, int(getattr(picture, "n_frames", 1))
                thumb = ImageOps.exif_transpose(_reduced(picture))
        except MemoryError:
            raise
        except Exception as problem:  # Pillow's plugins raise anything from SyntaxError to zlib.error
            raise Broken("format.damaged", detail=str(problem)[:200] or type(problem).__name__) from problem
    report.preview = {"kind": "image", "width": width, "height": height, "mode": mode, "frames": frames}
    attach(thumb, "preview.png", report)
    report.preview["file"] = "preview.png"


def _reduced(picture: Image.Image) -> Image.Image:
    """A picture much larger than the preview made smaller at once: what follows makes copies of it."""
    times = max(picture.size) // _SIDES[0]
    if times < 2:
        return picture
    if picture.mode in _REDUCIBLE:
        small = picture.reduce(times)
    else:
        small = picture.resize((max(picture.width // times, 1), max(picture.height // times, 1)), resample=0)
    small.info = picture.info
    return small


def attach(picture: Image.Image, name: str, report: Report) -> None:
    """Attach ``picture`` as a PNG of at most 1600 pixels a side and of at most ``attachment_bytes``."""
    made: Any = _shown(picture)
    for side in _SIDES:
        made.thumbnail((side, side))
        out = io.BytesIO()
        made.save(out, "PNG")
        if out.tell() <= report.limits["attachment_bytes"] or side == _SIDES[-1]:
            break
    report.attachments.append(Attachment(name, "image/png", out.getvalue()))


def _shown(picture: Image.Image) -> Image.Image:
    """In colours a browser shows. Sixteen bits and floats are spread from the least to the greatest value."""
    if picture.mode in _SHOWN_MODES:
        shown = picture.copy() if picture.mode not in ("P", "PA") else picture.convert("RGBA")
    elif picture.mode.startswith(("I", "F")):
        plain = picture.convert("I").convert("F") if picture.mode.startswith("I") else picture
        extrema: Any = plain.getextrema()
        least, greatest = extrema
        scale = 255 / (greatest - least) if greatest > least else 1
        shown = plain.point(lambda value: value * scale - least * scale).convert("L")
    else:
        shown = picture.convert("RGB")
    shown.info = {}  # neither text nor colour profile of the author's goes into our file
    return shown
