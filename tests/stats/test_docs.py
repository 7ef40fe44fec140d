"""The examples of docs/statistics.md print what the page says."""

import contextlib
import io
import re

from running import REPOSITORY


def test_examples_print_what_the_page_shows(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    page = (REPOSITORY / "docs/statistics.md").read_text("utf-8")
    examples = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", page, re.DOTALL)
    assert len(examples) == 3
    for code, shown in examples:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "docs/statistics.md", "exec"), {})
        assert printed.getvalue() == shown
