"""What miners and pools leave behind."""
