"""The board's functions: join, results, what there is so far, hands."""
