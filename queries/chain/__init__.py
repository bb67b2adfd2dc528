"""The chain: Python relations."""
