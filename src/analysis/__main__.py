"""Run the command line as `python -m analysis`."""

from analysis.pipeline.cli import main

main()
