"""The whole chat from one template: its verbs."""
