"""Cells by which a careless author would publish single people, by what they do.

Each finds `workers`, the roster, a `section`, and what notebook 03 imports.
"""

LEAKS = {
    "a summary": "workers.describe()",
    "the first rows": "workers.head()",
    "a sample of rows": "workers.sample(3)",
    "the table by itself": "workers",
    "the table printed": "print(workers)",
    "a column at the end of a cell": 'workers["income"]',
    "a column as an attribute": "workers.income",
    "counts of answers": 'workers["post"].value_counts()',
    "the highest of each county": 'workers.groupby("county_code")["income"].max()',
    "a cross table": 'pd.crosstab(workers["county_code"], workers["post"])',
    "a box plot": 'import matplotlib.pyplot as plt\nplt.boxplot(workers["income"]);',
    "a box plot of seaborn": (
        'import seaborn as sns\nsns.boxplot(data=workers, x="county_code", y="income");'
    ),
    "the table as HTML": (
        "from IPython.display import HTML, display\ndisplay(HTML(workers.to_html()))"
    ),
    "the table displayed": "from IPython.display import display\ndisplay(workers)",
    "an f-string": 'print(f"the roster: {workers}")',
    "an exception that tells of a row": "raise ValueError(str(workers.iloc[0]))",
    "an exception that tells of the table": 'raise ValueError(f"odd: {workers}")',
    "a warning": "import warnings\nwarnings.warn(str(workers.max()))",
    "a loop over rows": "for row in workers.itertuples():\n    print(row)",
    "a list of it": "list(workers)",
    "how many rows are left": 'len(workers.query("income > 30"))',
    "an array of it": "import numpy as np\nnp.sort(workers['income'])",
    "another frame of it": "pd.DataFrame(workers).describe()",
    "a table of the section": (
        'section.table("leak", workers, zh=dict(title="甲"), en=dict(title="A"))'
    ),
    "a count by county": 'count(workers, "hired_2020", where="hired >= \'2020-01-01\'")',
    "one number of a count": 'print(count(workers, "workers_total")["value"].max())',
    "what the section computed": "section.computed",
    "a number that the section computed": 'print(section.computed["value"].max())',
    "the pay by county before the gate": 'mean(workers, "income", "income").set_index("district")',
}
# what shows plain values past the section, and what opens a table by another way
PAST_THE_SECTION = {
    "print": 'print("秘密 4711")',
    "display": 'from IPython.display import display\ndisplay({"text/plain": "4711"}, raw=True)',
    "a drawing": "import matplotlib.pyplot as plt\nplt.plot([4711]);",
}
ANOTHER_WAY = {
    "the file itself": 'pd.read_parquet("data/processed/2020/workers.parquet").describe()',
    "the function that opens": "from analysis.survey.sealed import opened\nopened(workers)",
    "the module that opens": "from analysis.survey import sealed\nsealed.opened(workers)",
    "what is private": "workers._value.describe()",
    "a log": 'import logging\nlogging.warning("%s", workers)',
}
