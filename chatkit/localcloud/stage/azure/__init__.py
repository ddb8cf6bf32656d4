"""The screen of a chat on Azure: it listens, and what it hides is hidden there alone."""
