"""Wall-clock time, steady time, and how long the real Azure takes."""
