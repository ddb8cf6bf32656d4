"""The chat as a person uses it in a notebook: client, portal thread, panel, inspector."""
