"""Find the Chinese font of the environment and cut it down to the characters of one page."""

import base64
import io
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

FAMILY = "Noto Sans SC"
ASCII = "".join(map(chr, range(0x20, 0x7F)))

# A fallback face for running text: half-width setting of Chinese punctuation is seen, kerning and
# vertical setting are not. The copyright and licence entries of the name table (0, 13) stay.
FEATURES = ["halt", "chws"]
DROPPED = ["BASE", "GDEF", "GSUB", "STAT", "vhea", "vmtx"]
NAMES = [0, 1, 2, 13]


@cache
def font_path() -> Path:
    """Return the file of Noto Sans SC Regular (OFL) that zhplot carries.

    The package is found, not imported: importing it changes matplotlib's settings.
    """
    package = find_spec("zhplot")
    if package is None or not package.submodule_search_locations:
        raise FileNotFoundError("the package zhplot, which carries the font, is not installed")
    path = Path(package.submodule_search_locations[0]) / "fonts" / "NotoSansSC-Regular.ttf"
    if not path.is_file():
        raise FileNotFoundError(f"zhplot holds no {path.name}")
    return path


@cache
def covered() -> frozenset[str]:
    """Return every character for which the font has a glyph (about 30,900)."""
    with TTFont(font_path(), lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


def missing(text: str) -> set[str]:
    """Return the visible characters of a text that the font cannot draw."""
    return {character for character in text if character.isprintable()} - covered()


def subset(text: str, flavor: str = "woff") -> bytes:
    """Return a font with exactly the characters of the text, and ASCII.

    The same characters give the same bytes, in whatever order they come. Characters without a glyph are left
    out (see `missing`), and left to the reader's own fonts. flavor: `woff2` is a fifth smaller, and takes ten
    times as long (1 s for 800 characters); it is for the page that everybody opens.
    """
    drawn = {character for character in text if character >= " "}
    return _subset("".join(sorted(drawn | set(ASCII))), flavor)


def face(text: str, flavor: str = "woff") -> str:
    """Return the @font-face rule of a font with the characters of the text, the font inside."""
    data = base64.b64encode(subset(text, flavor)).decode("ascii")
    source = f'url(data:font/{flavor};base64,{data}) format("{flavor}")'
    return f'@font-face{{font-family:"{FAMILY}";src:{source};font-display:block}}'


@cache
def _subset(characters: str, flavor: str) -> bytes:
    common = set(characters) <= _common_characters()
    return _cut(io.BytesIO(_common()) if common else font_path(), characters, flavor)


@cache
def _common_characters() -> frozenset[str]:
    """Return what Chinese print needs, as GB 2312 lists it, and the signs of this report."""
    rows, cells = range(0xA1, 0xF8), range(0xA1, 0xFF)
    listed = "".join(bytes([row, cell]).decode("gb2312", "ignore") for row in rows for cell in cells)
    return frozenset(listed + ASCII + "·–—¶−✓“”‘’↔→↑↓≤≥²©")


@cache
def _common() -> bytes:
    """Cut the common characters once (0.7 s): a page's font is cut from these twenty times as fast."""
    return _cut(font_path(), "".join(sorted(_common_characters())), None)


def _cut(source, characters: str, flavor: str | None) -> bytes:
    drop = [*Options().drop_tables, *DROPPED]
    options = Options(hinting=False, layout_features=FEATURES, name_IDs=NAMES, drop_tables=drop)
    subsetter, buffer = Subsetter(options), io.BytesIO()
    subsetter.populate(text=characters)
    with TTFont(source, lazy=True, recalcTimestamp=False, recalcBBoxes=False) as font:
        subsetter.subset(font)
        font.flavor = flavor
        font.save(buffer, reorderTables=None)
    return buffer.getvalue()
