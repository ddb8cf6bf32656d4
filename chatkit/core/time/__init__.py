"""The time of the wall, and the time that passes."""
