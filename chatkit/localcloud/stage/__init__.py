"""The stage: one address on the local network for page, API and hub of a chat."""
