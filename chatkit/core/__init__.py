"""What every room stands on: errors, files, settings, results, ports and processes."""
