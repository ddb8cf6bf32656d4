"""What the language has from .NET: how it formats, compares and reads."""
