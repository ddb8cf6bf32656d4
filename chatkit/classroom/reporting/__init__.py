"""A participant's side of a class: joining, what is reported and how it gets to the board."""
