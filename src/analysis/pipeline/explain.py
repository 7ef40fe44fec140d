"""Say in the terminal what stands behind one published number: its receipt."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from analysis.publish.naming import district_names
from analysis.publish.receipts import receipts
from analysis.survey.folders import processed
from analysis.survey.repository import read

FIELDS = (("value", "value"), ("definition", "definition"), ("how", "how"), ("facts", "rests on"))


def explain(name: str, outputs: Path, lang: str = "zh") -> str:
    """Return the receipt of a number of the edition in `outputs`, as lines of text.

    Raises FileNotFoundError where nothing is published, KeyError with the nearest names for an unknown one.
    """
    text = {"district": str, "uncertainty": str, "sources": str}
    estimates = pd.read_csv(outputs / "tables/estimates.csv", dtype=text).fillna(dict.fromkeys(text, ""))
    ledger = pd.read_csv(outputs / "tables/ledger.csv", dtype=str, keep_default_na=False)
    wave = str(estimates["wave"].iat[0])
    cleaned = (processed(wave) / "corrections.parquet").exists()  # a clone may hold outputs alone
    known = receipts(estimates, ledger, lang, read("corrections", wave) if cleaned else None)
    if name not in known:
        near = "、".join(get_close_matches(name, known, 5, 0.4))
        raise KeyError(f"no number is called {name}" + (f"; near it: {near}" if near else ""))
    receipt = known[name]
    lines = [receipt["label"]]
    lines += [f"  {title:<14} {receipt[key]}" for key, title in FIELDS if receipt[key]]
    lines += [f"  {'computed in':<14} notebooks/{receipt['notebook']}.ipynb, cell {receipt['cell']}"]
    sources = estimates.loc[estimates["name"] == name, "sources"].iat[0]
    for source in filter(None, sources.split("; ")):
        where = f"{wave}/{source}" if ".xlsx!" in source else f"reference/{source}.csv"
        lines.append(f"  {'from':<14} data/raw/{where}")
    lines += [f"  {'mended':<14} {line}" for line in receipt["corrections"]]
    counties = [(county, f"{name}.{code}") for code, county in district_names(lang).items()]
    counties = [(county, key) for county, key in counties if key in known]
    lines += [f"  {county:<12} {known[key]['value']}" for county, key in counties]
    return "\n".join(lines)
