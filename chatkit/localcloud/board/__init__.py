"""The board of a class: its front in a room, and its page on the instructor's machine."""
