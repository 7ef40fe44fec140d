"""An edition: the folder that is published, the record of what it follows from, what moved."""
