"""The verbs of a workshop about its sections."""
