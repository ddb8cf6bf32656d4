"""Local Blob storage with static websites."""
