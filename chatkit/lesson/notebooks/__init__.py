"""The notebooks as programs: running them without a browser, and catching up."""
