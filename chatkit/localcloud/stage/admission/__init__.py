"""Who may come in at a stage, and who waits."""
