"""The local cloud: one process that speaks the Azure protocols of the tutorial."""
