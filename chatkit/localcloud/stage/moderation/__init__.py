"""What a presenter decides about a room: who may write, and what nobody sees."""
