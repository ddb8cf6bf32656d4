"""Makes a pack: all that the course needs, for a place without internet."""
