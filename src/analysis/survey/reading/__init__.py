"""Read the files of a wave: checks before opening, workbooks, CSV, headers, rows."""
