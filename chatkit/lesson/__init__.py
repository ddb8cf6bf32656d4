"""What teaches: checks per section, doctor, catch-up, progress."""
