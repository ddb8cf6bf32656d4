"""Failures that an audience can see: what the chat meets while one is on."""
