"""The child process that runs a function app, and the pipe to it."""
