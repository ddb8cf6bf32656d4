"""What the language stands on: values, errors, expressions, and what is around an expression."""
