"""Local Azure Functions host for the Python v2 programming model, and its deployment endpoint."""
