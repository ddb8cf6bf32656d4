"""Ways of messages through the chat: what they are, as a text and as a picture."""
