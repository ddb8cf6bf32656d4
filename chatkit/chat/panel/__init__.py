"""The chat panel: people side by side in a cell."""
