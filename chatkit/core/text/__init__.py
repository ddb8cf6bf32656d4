"""What a text may have in it that must not be shown."""
