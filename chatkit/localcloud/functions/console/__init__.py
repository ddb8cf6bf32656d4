"""What an app and its host write, to terminal, log file and logging."""
