"""Where messages pass: read from the traces of the local cloud and of the functions run here."""
