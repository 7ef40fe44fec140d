"""Reading files as they come: guards before opening, workbooks, CSV, headers, rows."""
