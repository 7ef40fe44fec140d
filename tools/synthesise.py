"""Write the synthetic workbooks of this study: `python tools/synthesise.py --help`."""

from analysis.pipeline.cli import main
from synthetic.command import synthesise

if __name__ == "__main__":
    main(command=synthesise)
