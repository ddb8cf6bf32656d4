"""The chat client: negotiate, SignalR connection, messages."""
