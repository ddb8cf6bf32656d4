"""The function app of the board, as it is published: a copy of this folder runs in the cloud."""
