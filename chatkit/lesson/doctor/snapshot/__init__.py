"""What the doctor looks at: the app folder, the cloud, and what answers."""
