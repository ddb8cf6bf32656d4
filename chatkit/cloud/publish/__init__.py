"""Getting the app and the page there: package, publish, settings, CORS, website upload."""
