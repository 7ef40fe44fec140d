"""A report, and all that its pages say, of texts as people may type them."""

from datetime import datetime
from html.parser import HTMLParser

import pandas as pd
from nbformat.v4 import new_code_cell, new_notebook, new_output

from analysis.publish import tables
from analysis.publish.prose import render
from analysis.publish.text import NumberSpan

WHEN = datetime(2020, 4, 30)
COUNTIES = {"title": "各县", "subtitle": "", "table": {"columns": ["指标", "单位"], "rows": []}}
NUMBER = NumberSpan("certified", "47.2%")


class Shown(HTMLParser):
    """The elements of a page with their attributes, and the text of each."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.elements, self.text = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        of_numbers = {"class"} if tag in ("table", "th", "td") else set()  # a text may be a number
        self.elements.append((tag, tuple(sorted({name for name, _ in attrs} - of_numbers))))

    def handle_data(self, data):
        self.text.append(data)


def shown(kind, data, **report):
    return new_output("display_data", data=data, metadata={"report": {"kind": kind, **report}})


def receipt(text):
    made = dict.fromkeys(["label", "value", "definition", "how", "words", "facts"], text)
    return made | {
        "sources": [(text, text)],
        "corrections": [text],
        "notebook": "a",
        "cell": "b",
        "cell_href": "b",
    }


def notebook_of(*texts):
    """A report in which each text comes as data into prose, titles and a table."""
    cells = []
    for place, text in enumerate(texts):
        said = render("持证率{{ number }}：{{ text }}", {"number": NUMBER, "text": text})
        title = render("{{ text }}", {"text": text})
        data = pd.DataFrame([[text, text]], columns=["甲", text])
        report = {"title": title.json, "subtitle": title.json, "source": text, "alt": title.plain}
        outputs = [
            shown("prose", {"text/markdown": said.markdown}, lang="zh", text=said.json),
            shown("table", {}, id=f"t{place}", table=tables.to_json(data), **report),
        ]
        cells.append(new_code_cell("%%md zh", id=f"words{place}", outputs=outputs))
    return new_notebook(cells=cells)


def site_of(text):
    site = dict.fromkeys(["title", "report", "kicker", "notice", "date", "edition"], text)
    return site | {
        "subtitle": render("{{ text }}", {"text": text}).json,
        "lang": "zh",
        "basis": "synthetic",
        "stamp": {text: text},
        "downloads": [],
        "links": [(text, "a.html")],
        "estimates": {"certified": receipt(text)},
        "assured": text,
        "areas": [{"code": "331002", "name": text, "href": "a.html", "statements": [text]}],
    }


def words_of(body):
    """What a body of typst says in its paragraphs, as typst itself lays it out."""
    if isinstance(body, list):
        return "".join(map(words_of, body))
    if not isinstance(body, dict):
        return ""
    if body.get("func") == "space":
        return " "
    if body.get("func") == "smartquote":
        return '"' if body.get("double", True) else "'"
    return (
        body.get("text", "") if isinstance(body.get("text"), str) else words_of(list(body.values()))
    )
