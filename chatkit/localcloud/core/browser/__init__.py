"""What a browser sees of this machine."""
