"""The chat as a person uses it in a notebook: client, background thread, panel, inspector."""
