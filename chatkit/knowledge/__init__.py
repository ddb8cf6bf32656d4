"""What goes wrong with the chat, why, and what helps: one body, for errors, checks and doctor."""
