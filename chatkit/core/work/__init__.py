"""The learner's work, apart from the app: copies of the notebooks."""
