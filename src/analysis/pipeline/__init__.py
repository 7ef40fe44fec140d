"""The pipeline: the list of steps, running notebooks, staging and publishing, the command line."""

import sys

# jsonschema, behind every notebook read, would compile 39 grammars for a form of address that no
# notebook holds:
# two seconds for each process. It does without where the module cannot be had.
sys.modules.setdefault("rfc3987_syntax", None)
