"""Rows to findings: SQL files and a few Python relations, one relation each, and a catalogue that orders them."""
