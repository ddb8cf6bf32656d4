"""Storage accounts as the host uses them: connections, blobs, paths."""
