"""One module per Azure thing the tutorial makes; Azure SDK calls only, the same on both targets."""
