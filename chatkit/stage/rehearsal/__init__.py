"""A rehearsal: many simulated phones at the real address of a chat."""
