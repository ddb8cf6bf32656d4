"""Whose programs are at the ends of this machine's own connections."""
