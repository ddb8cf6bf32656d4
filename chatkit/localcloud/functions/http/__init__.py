"""What a function app answers over HTTP."""
