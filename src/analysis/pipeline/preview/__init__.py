"""Serve the pages of some notebooks while they are edited: a save rebuilds what it touches and
reloads the browser.

`session` is the loop of the command: it listens to saves, to the browser and to the builder.
`server` gives the pages to the browser. `builder` is a process that holds the libraries, and forks
one for each build, which `rebuild` does. Nothing here writes an edition: pages go to the folder
`preview` in the scratch folder of the wave.
"""
