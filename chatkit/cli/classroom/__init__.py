"""The verbs of a class."""
