"""What checks stand on: expectations, what was received, who takes part, what they leave."""
