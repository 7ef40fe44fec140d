"""How sure statements are to be: the one level that intervals, tests and rank sets share."""

CONFIDENCE = 0.95
LEVEL = 1 - CONFIDENCE  # of a test
