"""What an app's functions said, and the line of the app where one of them failed."""
