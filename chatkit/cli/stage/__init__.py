"""The verbs of the stage."""
