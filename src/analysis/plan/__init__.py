"""The plan: which tasks make an edition, and what each reads and makes, before anything runs."""
