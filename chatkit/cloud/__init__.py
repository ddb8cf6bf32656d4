"""The Azure side of the kit: one connection, and calls through the Azure SDKs."""
