"""The confidence level shared by intervals, tests and rank sets."""

CONFIDENCE = 0.95
LEVEL = 1 - CONFIDENCE  # significance level of tests
