"""Network flows and what was seen on the wire."""
