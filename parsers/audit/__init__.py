"""Logs of the Linux audit system."""
