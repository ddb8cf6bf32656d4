"""Rules and state of one SignalR Service instance."""
