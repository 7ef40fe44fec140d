"""The pipeline: steps, running notebooks, publishing, and the command line."""

import sys

# jsonschema, which reads every notebook, would compile 39 grammars for an address format that no
# notebook contains, which takes two seconds in each process. It works without the module.
sys.modules.setdefault("rfc3987_syntax", None)
