"""Command line of the generator, with options, messages and exit codes as in `analysis`."""

from __future__ import annotations

from pathlib import Path

import click

from analysis.pipeline.cli import raw_option
from analysis.survey.folders import REFERENCE, lies_inside, root, writable_folder
from analysis.survey.ownership import refuse_published


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@raw_option
@click.option("--seed", type=click.IntRange(0), default=2020, show_default=True)
@click.option(
    "--counties",
    type=click.IntRange(9, 9999),
    default=9,
    show_default=True,
    help="How many: beyond nine, invented.",
)
def synthesise(raw: Path, seed: int, counties: int) -> None:
    """Write the synthetic workbooks of wave 2020, the same for a seed, and their frame.

    Refused where the workbooks there are not declared synthetic.
    """
    from synthetic import synthesise as write_workbooks  # `--help` need not load its libraries

    writable_folder(raw / "2020", own="data/raw", keep=[root() / REFERENCE])
    if not lies_inside(raw, root() / "data/raw"):
        refuse_published(writable_folder(raw))
    write_workbooks(raw, root() / REFERENCE, seed, counties)
