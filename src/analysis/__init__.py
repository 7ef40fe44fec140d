"""Reproducible report of a survey, from its workbooks to the published files.

A study is a folder with a `study.toml`; the package holds nothing specific to one study.
"""
