"""What a workshop needs before it begins: this machine and the subscription."""
