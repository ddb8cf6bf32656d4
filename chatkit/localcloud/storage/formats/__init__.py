"""How storage writes things down: XML, dates, ranges, tags."""
