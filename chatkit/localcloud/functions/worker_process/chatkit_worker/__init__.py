"""The child process that holds one function app.

Standard library and azure-functions only, so that any interpreter runs it. It speaks
length-prefixed messages over the pipes it was started with (`channel`), indexes `function_app.py`
by the rules of Microsoft's Python worker (`loading`), and calls functions with the SDK's own types
(`converting`, `invoking`).
"""
