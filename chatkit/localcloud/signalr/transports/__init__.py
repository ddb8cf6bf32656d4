"""How clients reach an instance: negotiate, WebSockets, server-sent events, long polling."""
