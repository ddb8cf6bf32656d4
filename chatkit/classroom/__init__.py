"""The class: many people, one instructor."""
