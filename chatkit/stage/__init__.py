"""The stage of a workshop: the chat on the phones of a room."""
