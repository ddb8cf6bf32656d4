"""Mends the files of a local cloud that does not run."""
