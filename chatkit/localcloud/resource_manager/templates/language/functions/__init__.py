"""The functions of the language, one module a subject."""
