"""The screen of a chat on Azure: it listens to the chat, and hides messages on the screen only."""
