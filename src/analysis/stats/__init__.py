"""Estimates: clean tables in, one row per number out."""
