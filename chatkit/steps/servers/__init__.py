"""A server of a local run: what it runs, what is known of it, and whether it answers."""
