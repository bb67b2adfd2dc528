"""A complete synthetic incident, and its benign twin, with their truth known: the built-in case of the toolkit."""

from __future__ import annotations
