"""What a verb sent, told as somebody would do it without the kit: one module a form."""
