"""Estimates from clean tables, one row for each number."""
