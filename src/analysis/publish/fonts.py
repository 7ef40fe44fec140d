"""Find the installed Chinese font and subset it to the characters of one page."""

import base64
import io
import re
from functools import cache

import uharfbuzz as hb
from fontTools.ttLib import TTFont
from fontTools.ttLib.scaleUpem import scale_upem

from analysis.survey.characters import covered, font_path

FAMILY = "Noto Sans SC"
ASCII = "".join(map(chr, range(0x20, 0x7F)))

# Features kept in a fallback font for running text: half-width Chinese punctuation is visible,
# kerning and vertical setting are not. The copyright and licence entries of the name table (0, 13)
# are kept.
FEATURES = ("halt", "chws")
DROPPED = ("BASE", "GDEF", "GSUB", "STAT", "vhea", "vmtx")
NAMES = (0, 1, 2, 13)

# Units per em, instead of 1000, of a font that delays the first line on a phone: a fifth fewer
# bytes. Points move by at most a five-hundredth of an em, a thirtieth of a pixel in running text.
UNITS = 250


def missing(text: str) -> set[str]:
    """Return the visible characters of a text that the font cannot draw."""
    return {character for character in text if character.isprintable()} - covered()


def subset(text: str, flavor: str = "woff") -> bytes:
    """Return a font with exactly the characters of the text, and ASCII.

    The same characters in any order give the same bytes. Characters without a glyph are left out
    (see `missing`); browsers use the reader's fonts for them. flavor: `woff2` is a third smaller,
    also because it is drawn with coarser `UNITS`, and takes a hundred times as long (1 s for 800
    characters); it is used for the main page.
    """
    drawn = {character for character in text if character >= " "}
    return _cut("".join(sorted(drawn | set(ASCII))), flavor)


def face(text: str, flavor: str = "woff") -> str:
    """Return the @font-face rule of an embedded font with the characters of the text."""
    data = base64.b64encode(subset(text, flavor)).decode("ascii")
    source = f'url(data:font/{flavor};base64,{data}) format("{flavor}")'
    return f'@font-face{{font-family:"{FAMILY}";src:{source};font-display:block}}'


def standalone(drawing: str, text: str | None = None) -> str:
    """Embed a font with the characters of an SVG file (or of `text`) in it.

    It can then be read without a Chinese font.
    """
    text = "".join(re.findall(r">([^<]+)<", drawing if text is None else text))
    head, tag, rest = drawing.partition(">")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{head}{tag}<style>{face(text)}</style>{rest}'


@cache
def _whole() -> hb.Face:
    return hb.Face(hb.Blob.from_file_path(str(font_path())))


@cache
def _cut(characters: str, flavor: str) -> bytes:
    wanted = hb.SubsetInput()
    wanted.flags = hb.SubsetFlags.NO_HINTING
    for kept, values in (
        (wanted.unicode_set, map(ord, characters)),
        (wanted.layout_feature_tag_set, map(_tag, FEATURES)),
        (wanted.name_id_set, NAMES),
    ):
        kept.clear()
        kept.update(values)
    wanted.drop_table_tag_set.update(map(_tag, DROPPED))
    buffer = io.BytesIO()
    cut = io.BytesIO(wanted.subset(_whole()).blob.data)
    with TTFont(cut, lazy=True, recalcTimestamp=False, recalcBBoxes=False) as font:
        if flavor == "woff2":
            scale_upem(font, UNITS)
        font.flavor = flavor
        font.save(buffer, reorderTables=None)
    return buffer.getvalue()


def _tag(name: str) -> int:
    return int.from_bytes(name.encode("ascii"), "big")
