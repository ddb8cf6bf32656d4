"""What differs among Linux, macOS and Windows, each thing once."""
