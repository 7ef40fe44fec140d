"""Names of places, measures and cells."""

import json
import re

import pytest
from this_study import CITY, COUNTIES

from analysis.publish.naming import cells_of, district_names, named_areas
from running import REPOSITORY


def test_places_have_a_name_in_both_languages_and_the_same_codes():
    assert set(district_names("zh")) == set(district_names("en")) == {CITY, *COUNTIES}
    assert district_names("zh")["331083"] == "玉环市" and district_names("en")["331083"] == "Yuhuan"
    assert not any(re.search(r"[^A-Za-z' ]", name) for name in district_names("en").values())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_name_leads_back_to_its_county_and_the_city_is_none(lang):
    areas = named_areas(lang)
    assert set(areas.values()) == set(COUNTIES)
    assert all(district_names(lang)[code] == name for name, code in areas.items())


def test_the_cell_of_an_indicator_is_the_first_that_quotes_it(tmp_path, monkeypatch):
    sources = [
        't = read("t", wave, "certified")',
        'x = "certified"',
        'y = "certified"; z = "rented"',
    ]
    cells = [{"cell_type": "code", "id": f"c{i}", "source": [s]} for i, s in enumerate(sources)]
    cells.insert(0, {"cell_type": "markdown", "id": "m", "source": ['"rented"']})
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks/n.ipynb").write_text(json.dumps({"cells": cells}), "utf-8")
    monkeypatch.setattr("analysis.publish.naming.root", lambda: tmp_path)
    assert cells_of("n") == {"certified": "c1", "rented": "c2"}


def test_every_cell_that_a_notebook_names_exists():
    notebook = json.loads((REPOSITORY / "notebooks/03_workforce.ipynb").read_text("utf-8"))
    assert set(cells_of("03_workforce").values()) <= {cell["id"] for cell in notebook["cells"]}
