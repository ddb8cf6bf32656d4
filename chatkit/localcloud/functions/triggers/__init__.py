"""What sets functions off besides HTTP: timers and blobs."""
