"""What must go on when a disk is full: logs, and deleting."""
