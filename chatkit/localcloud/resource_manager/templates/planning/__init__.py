"""What a template asks for: its resources, their order, and what stands around its expressions."""
