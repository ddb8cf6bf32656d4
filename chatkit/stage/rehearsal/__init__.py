"""A rehearsal: many phones that are no people, at the real address of a chat."""
