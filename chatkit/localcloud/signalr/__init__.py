"""Local Azure SignalR Service, serverless mode."""
