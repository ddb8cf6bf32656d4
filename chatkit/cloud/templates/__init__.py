"""Template deployments of the chat: the file, what it would change, and its deployment."""
