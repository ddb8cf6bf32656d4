"""Sans-IO protocol code: hub protocol, framing, tokens, connection strings.

No asyncio, no sockets.
"""
