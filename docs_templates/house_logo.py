"""A logo made fit for an archive file: upright, opaque, sRGB, 8 bits a colour; else it is refused with the reason."""

from __future__ import annotations

import io
from typing import Any

from docs_templates.document import Logo

KINDS = ("PNG", "JPEG")
LARGEST_BYTES, LARGEST_PIXELS = 2_000_000, 4_000_000
REMEDY = f"give a {' or '.join(KINDS)} of at most {LARGEST_BYTES:,} bytes and {LARGEST_PIXELS:,} pixels, RGB or grey"


def read_logo(data: bytes) -> Logo:
    """The picture on white paper. Raises ValueError with the reason where it cannot be used."""
    from PIL import Image, ImageOps

    if len(data) > LARGEST_BYTES:
        raise ValueError(f"{len(data):,} bytes")
    try:
        with Image.open(io.BytesIO(data), formats=KINDS) as picture:
            if picture.width * picture.height > LARGEST_PIXELS:
                raise ValueError(f"{picture.width} by {picture.height} pixels")
            if getattr(picture, "n_frames", 1) > 1:
                raise ValueError("moving pictures")
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            flat = _flat(upright, picture.info.get("icc_profile"))
    except (OSError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise ValueError(str(error) or type(error).__name__) from error
    return Logo(flat.width, flat.height, flat.tobytes())


def _flat(picture: Any, profile: bytes | None) -> Any:
    """Any mode as opaque RGB; what is transparent shows white."""
    from PIL import Image

    if picture.mode in ("CMYK", "YCbCr", "LAB", "HSV", "F"):
        raise ValueError(f"colours of {picture.mode}")
    if picture.mode.startswith("I"):
        picture = picture.convert("I").point(lambda value: value / 257).convert("L")
    seen = picture.convert("RGBA")
    paper = Image.new("RGBA", seen.size, (255, 255, 255, 255))
    paper.alpha_composite(_in_srgb(seen, profile))
    return paper.convert("RGB")


def _in_srgb(picture: Any, profile: bytes | None) -> Any:
    """The picture's own colours in sRGB, where it says which they are; a profile of grey changes nothing here."""
    if not profile:
        return picture
    from PIL import Image, ImageCms

    try:
        source = ImageCms.getOpenProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != "RGB":
            return picture
        colours = ImageCms.profileToProfile(
            picture.convert("RGB"), source, ImageCms.createProfile("sRGB"), renderingIntent=ImageCms.Intent.PERCEPTUAL
        )
    except (ImageCms.PyCMSError, OSError, TypeError) as error:
        raise ValueError(f"a colour profile that cannot be read: {error}") from error
    if colours is None:
        raise ValueError("a colour profile that cannot be used")
    alpha = picture.getchannel("A")
    return Image.merge("RGBA", (*colours.split(), alpha))
