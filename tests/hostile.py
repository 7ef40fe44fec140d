"""What must change nothing: texts as people may type them, or mean harm with, and settings of
whoever runs it.
"""

import json
from pathlib import Path

import docx
import matplotlib
from fontTools.ttLib import TTFont

HEADINGS = [
    "# Heading",
    "a\n# Heading",
    "Heading\n====",
    "Heading\n----",
    "====",
    "## 二、新章",
    '#import "x"',
    "= Heading",
]
METADATA = [
    "---\ntitle: x\n---",
    "% title\n% author",
    "--- title: x ---",
    "title: x",
    "...",
    "a...b",
    "--",
    "a--b---c",
    "-?",
    "-1",
]
NOTES = [
    "[^1]: x",
    "[^certified]",
    "^[note]",
    "[^certified]: other",
    "[a](http://b)",
    "[a]: http://b",
    "![a](/etc/passwd)",
    "<http://b>",
]
HTML = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "<b>bold</b>",
    "</table></article>",
    "<!-- a",
    '" onmouseover="a',
    "' onfocus='a",
    "&lt;b&gt; &amp; &#60;",
    '<a class="n" href="#r-certified">61%</a>',
    '<a class="ref" href="#fig-a"></a>',
    "<svg/onload=a>",
    "<style>*{display:none}</style>",
    "javascript:alert(1)",
    "a < b > c & d",
]
RAW = [
    "`x`{=html}",
    "```{=openxml}",
    "\\input{/etc/passwd}",
    "\\newpage",
    "$x^2$",
    "$$x$$",
    "\\(x\\)",
    "\\[x\\]",
    "\\begin{a}x\\end{a}",
]
TYPST = [
    '#read("/etc/passwd")',
    "@cite",
    "<label>",
    "// comment",
    "/* a */",
    "a ~ b",
    "#(1+1)",
    'image("figures/a.png"',
    "*a* _b_ `c`",
]
JINJA = ["{{ x }}", "{% for i in x %}", "{# a #}", "{{ ''.__class__ }}", "{{ certified }}"]
MARKUP = [
    "| a | b |",
    "|--|--|",
    "- a",
    "+ a",
    "1. a",
    "(1) a",
    "a) b",
    "(@) a",
    ": a",
    "> a",
    "    code",
    "~~a~~",
    "H~2~O a^2^",
    "***",
    '::: {custom-style="Title"}',
    ":::",
    '[a]{custom-style="Title"}',
    "{#id .class}",
    "\\# a",
    "a\\",
    "a  b",
    " a ",
    "\"a\" 'b'",
    "* [ ] a",
    "www.a.cn a@b.cn",
    "^a",
    "Mr. X",
]
FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "{=1+1}",
    '=HYPERLINK("http://a")',
    "＝1+1",
    "http://a.cn",
    "_x0041_",
]

TEXTS = [*HEADINGS, *METADATA, *NOTES, *HTML, *RAW, *TYPST, *JINJA, *MARKUP, *FORMULAS]
# what a format with one line for it shows
ONE_LINE = [" ".join(text.split("\n")) for text in TEXTS]


def settings_of_ones_own(home):
    """Write settings for libraries as a user may have them; returns the environment."""
    other_font = Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSerif.ttf"
    kernel = {
        "argv": ["false", "-f", "{connection_file}"],
        "display_name": "Mine",
        "language": "python",
    }
    template = '{% extends "base/null.j2" %}{% block header %}mine{% endblock %}'
    for path, text in {
        ".ipython/profile_default/startup/00.py": "import pandas; "
        "pandas.set_option('display.precision', 2)",
        ".ipython/profile_default/ipython_config.py": "c.InteractiveShell.ast_node_interactivity = "
        "'all'",
        ".config/matplotlib/matplotlibrc": "lines.linewidth: 7\naxes.titlesize: 30\n",
        ".config/matplotlib/stylelib/ticks.mplstyle": "lines.linewidth: 7\n",
        ".config/dask/dask.yaml": "distributed: {worker: {daemon: true}}\n",
        ".config/fontconfig/fonts.conf": "<fontconfig><dir>~/.fonts</dir></fontconfig>",
        ".jupyter/jupyter_nbconvert_config.py": "c.TemplateExporter.exclude_input = True",
        ".jupyter/jupyter_config.json": '{"TemplateExporter": {"exclude_output": true}}',
        ".local/share/jupyter/nbconvert/templates/base/display_priority.j2": template,
        ".local/share/jupyter/kernels/python3/kernel.json": json.dumps(kernel),
        ".local/share/pandoc/abbreviations": "持证率\ncounty\n",
        ".local/share/pandoc/templates/default.typst": "mine",
        ".local/share/pandoc/templates/default.openxml": "mine",
        ".local/share/pandoc/defaults/x.yaml": "number-sections: true\n",
        ".pandoc/abbreviations": "Mr.\n",
        "mpl/matplotlibrc": "savefig.pad_inches: 1\nlines.linewidth: 7\naxes.titlesize: 30\n",
        "start.py": "import pandas; pandas.set_option('display.width', 40)",
    }.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text, "utf-8")
    with TTFont(other_font) as font:
        for name in font["name"].names:
            if name.nameID in (1, 4):
                name.string = "Noto Sans SC"
        for folder in (".fonts", ".local/share/fonts"):
            (home / folder).mkdir(exist_ok=True)
            font.save(home / folder / "NotoSansSC-Regular.ttf")
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "mine"
    document.styles["Heading 1"].font.bold = True
    for folder in (".local/share/pandoc", ".pandoc"):
        document.save(home / folder / "reference.docx")
    return {
        "HOME": str(home),
        "JPY_SESSION_NAME": "notebooks/10_report.ipynb",  # as in a kernel that JupyterLab started
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "JUPYTER_PATH": str(home / ".local/share/jupyter"),
        "JUPYTER_CONFIG_DIR": str(home / ".jupyter"),
        "JUPYTER_PREFER_ENV_PATH": "0",
        "FONTCONFIG_FILE": str(home / ".config/fontconfig/fonts.conf"),
        "TYPST_FONT_PATHS": str(home / ".fonts"),
        "TYPST_PACKAGE_PATH": str(home / "typst"),
        "MPLCONFIGDIR": str(home / "mpl"),
        "MATPLOTLIBRC": str(home / "mpl"),
        "PYTHONSTARTUP": str(home / "start.py"),
        "PYTHONOPTIMIZE": "1",
        "PYTHONWARNINGS": "always",
        "FORCE_COLOR": "1",
        "SOURCE_DATE_EPOCH": "86400",
    }
