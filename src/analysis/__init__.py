"""From the workbooks of a survey to its published report: of any study that is a folder with a
`study.toml`.
"""
