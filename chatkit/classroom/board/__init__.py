"""The instructor's board: made of a function app, a hub and a storage account of its own."""
