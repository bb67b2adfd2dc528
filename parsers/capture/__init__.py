"""Packet captures: file formats, frames, flows, and what is said inside them in clear."""
