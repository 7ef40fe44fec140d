"""The subset font, read back with fontTools."""

import io
import subprocess
import sys

import pytest
from fontTools.ttLib import TTFont

from analysis.publish import fonts


def read(data):
    return TTFont(io.BytesIO(data))


def test_font_comes_from_the_wheel():
    path = fonts.font_path()
    assert path.suffix == ".ttf" and path.parent.parent.name == "zhplot"
    assert TTFont(path, lazy=True)["name"].getDebugName(4) == "Noto Sans SC Regular"


def test_finding_the_font_does_not_import_zhplot():
    code = "import sys; from analysis.publish import fonts; fonts.font_path(); sys.exit('zhplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_subset_has_the_text_and_ascii_and_no_more():
    data = fonts.subset("台州市，“七多”㎡\n")
    assert data[:4] == b"wOFF" and fonts.subset("台", "woff2")[:4] == b"wOF2"
    assert set(map(chr, read(data).getBestCmap())) == set("台州市，“”七多㎡") | set(fonts.ASCII)


def test_glyphs_are_those_of_the_font():
    data, whole = read(fonts.subset("椒")), TTFont(fonts.font_path(), lazy=True)
    name, original = data.getBestCmap()[ord("椒")], whole.getBestCmap()[ord("椒")]
    assert data["hmtx"][name] == whole["hmtx"][original]
    drawn, expected = (f["glyf"][g] for f, g in ((data, name), (whole, original)))
    assert drawn.getCoordinates(data["glyf"])[0] == expected.getCoordinates(whole["glyf"])[0]


def test_the_font_of_the_report_is_coarser_by_less_than_a_reader_sees():
    data, whole = read(fonts.subset("椒", "woff2")), read(fonts.subset("椒"))
    assert (data["head"].unitsPerEm, whole["head"].unitsPerEm) == (fonts.UNITS, 1000)
    drawn, exact = (
        f["glyf"][f.getBestCmap()[ord("椒")]].getCoordinates(f["glyf"])[0] for f in (data, whole)
    )
    times = 1000 / fonts.UNITS
    apart = [
        abs(times * a - b)
        for one, other in zip(drawn, exact, strict=True)
        for a, b in zip(one, other, strict=True)
    ]
    assert 0 < max(apart) <= 2, "a five-hundredth of an em, 0.06 of a pixel in a title of 32"


def test_same_characters_give_the_same_bytes():
    first = fonts.subset("温岭")
    fonts._cut.cache_clear()
    assert fonts.subset("岭温温岭") == first
    original = TTFont(fonts.font_path(), lazy=True)["head"].modified
    assert read(first)["head"].modified == original, "no time of making"


def test_rare_characters_are_there_too():
    rare = "\N{CJK UNIFIED IDEOGRAPH-9FA5}"
    assert ord(rare) in read(fonts.subset(rare)).getBestCmap()


def test_licence_stays_in_the_font():
    names = read(fonts.subset("市"))["name"]
    assert "Open Font License" in names.getDebugName(13)


@pytest.mark.parametrize(
    ("text", "expected"), [("台州 abc\n①㎡", set()), ("好🙂\N{KHMER LETTER KA}", {"🙂", "ក"})]
)
def test_missing(text, expected):
    assert fonts.missing(text) == expected


def test_characters_without_a_glyph_are_left_out():
    assert ord("🙂") not in read(fonts.subset("好🙂")).getBestCmap()


def test_half_width_setting_of_punctuation_is_that_of_the_font():
    whole, cut = TTFont(fonts.font_path(), lazy=True), read(fonts.subset("，。好"))
    assert [halved(font, "，") for font in (cut, whole)] == [-500, -500]
    assert halved(cut, "好") is None


def halved(font, character):
    """Return by how much the feature `halt` narrows a character, None where it does not."""
    table, glyph = font["GPOS"].table, font.getBestCmap()[ord(character)]
    records = [
        record.Feature for record in table.FeatureList.FeatureRecord if record.FeatureTag == "halt"
    ]
    lookups = [
        table.LookupList.Lookup[i]
        for i in {i for feature in records for i in feature.LookupListIndex}
    ]
    for part in (
        getattr(part, "ExtSubTable", part) for lookup in lookups for part in lookup.SubTable
    ):
        if glyph in part.Coverage.glyphs:
            value = (
                part.Value if part.Format == 1 else part.Value[part.Coverage.glyphs.index(glyph)]
            )
            return value.XAdvance
    return None
