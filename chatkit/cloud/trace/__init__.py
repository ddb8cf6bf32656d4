"""What the kit has sent and how it was answered, noted without secrets: what `report` packs."""
