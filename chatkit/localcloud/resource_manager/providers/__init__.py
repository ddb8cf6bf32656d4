"""The resource types, one module or folder a type."""
