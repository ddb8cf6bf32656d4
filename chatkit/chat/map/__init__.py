"""The map: the parts of a chat in a cell, and messages on their way through them."""
