"""What the files of a home must be, and what to do about those that are not."""
