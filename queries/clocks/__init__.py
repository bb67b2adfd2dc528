"""Clocks of sources compared: Python relations."""
