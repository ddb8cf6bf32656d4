"""Files that people write with editors of all kinds: their encodings, and JSON with comments."""
