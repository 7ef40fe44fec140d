"""Serve the pages of some notebooks, and rebuild and reload them when a file is saved.

`session` is the loop of the command: it handles saved files, requests of the browser and results of
the builder. `server` serves the pages to the browser. `builder` is a process that has loaded the
libraries and forks one process for each build, which runs `rebuild`. Nothing here writes an
edition: pages are written to the folder `preview` in the scratch folder of the wave.
"""
