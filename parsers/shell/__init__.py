"""Command histories that shells keep."""
