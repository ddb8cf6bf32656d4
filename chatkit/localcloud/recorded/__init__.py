"""How long the real Azure takes for what the local cloud does at once."""
