"""An edition: the published folder, the record of its inputs, and changes between editions."""
