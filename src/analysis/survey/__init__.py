"""The survey: its codebook, reading the county workbooks, and cleaning them."""
