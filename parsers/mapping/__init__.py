"""Unusual CSV and JSON lines, read as the investigator says."""
