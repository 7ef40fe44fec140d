"""The record of an edition reads back as written; a faulty one is refused with its place."""

import pytest

from analysis.edition.record import Fact, read_edition, write_record

FACTS = (
    Fact("edition", "wave", ("2020",)),
    Fact("edition", "languages", ("zh", "en")),
    Fact("number", "share", ("47%",), data="47.2 [40.0, 50.0] n 12"),
    Fact("number", "income", ("6.47万元", "64,700 yuan"), data="6.47 [nan, nan] n 3"),
    Fact("sentence", "10_report!finding", ("一“句”。\u2028",), "zh"),
)


@pytest.fixture
def folder(tmp_path):
    write_record(FACTS, tmp_path / "RECORD.jsonl")
    (tmp_path / "INPUTS").write_text("2020  wave\nab  data/raw/a.csv\n")
    return tmp_path


def test_what_was_written_is_read(folder):
    """Facts, languages and hashes of inputs come back; the wave is no input."""
    read = read_edition(folder)
    assert read.facts[1:] == FACTS
    assert (read.languages, dict(read.inputs)) == (("zh", "en"), {"data/raw/a.csv": "ab"})


def test_a_text_that_all_languages_share_is_said_in_each(folder):
    """One text stands for all languages, else there is one for each."""
    read = read_edition(folder)
    assert [read.by_language(fact) for fact in FACTS[2:4]] == [
        {"zh": "47%", "en": "47%"},
        {"zh": "6.47万元", "en": "64,700 yuan"},
    ]


@pytest.mark.parametrize(
    "line", ["<<<<<<< HEAD", "[]", '{"kind":"other"}', '{"kind":"number","name":"a"}', "{}"]
)
def test_a_line_that_is_no_fact_is_named(folder, line):
    """The error names file and line."""
    with (folder / "RECORD.jsonl").open("a", encoding="utf-8") as record:
        record.write(line + "\n")
    with pytest.raises(OSError, match=r"RECORD\.jsonl, line 7: .*restore it with git"):
        read_edition(folder)


def test_inputs_that_a_merge_left_are_named(folder):
    """The error names file and line."""
    (folder / "INPUTS").write_text("2020  wave\n=======\n")
    with pytest.raises(OSError, match="INPUTS, line 2"):
        read_edition(folder)


def test_a_record_of_another_format_is_refused(folder):
    """A record that this version does not understand is not compared."""
    whole = (folder / "RECORD.jsonl").read_text("utf-8")
    (folder / "RECORD.jsonl").write_text(whole.replace('["1"]', '["0"]'), "utf-8")
    with pytest.raises(OSError, match="cannot be read"):
        read_edition(folder)


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_record_that_was_cut_short_is_refused(folder, cut):
    """Without format, wave and languages nothing can be compared."""
    lines = (folder / "RECORD.jsonl").read_text("utf-8").split("\n")
    (folder / "RECORD.jsonl").write_text("\n".join(lines[:cut]) + "\n", "utf-8")
    with pytest.raises(OSError, match="cannot be read"):
        read_edition(folder)


@pytest.mark.parametrize("name", ["RECORD.jsonl", "INPUTS"])
def test_without_either_file_there_is_no_record(folder, name):
    """An edition of an earlier version has none."""
    (folder / name).unlink()
    assert read_edition(folder) is None
