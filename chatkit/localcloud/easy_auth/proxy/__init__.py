"""Sign-in in front of any app on this machine: a reverse proxy with the authentication module."""
