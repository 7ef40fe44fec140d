"""The plan of an edition: its tasks and the files that each reads and makes, before a run."""
