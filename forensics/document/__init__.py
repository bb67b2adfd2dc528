"""The incident document: what the analysis hands to everybody else, built from relations, checked by a linter."""

from __future__ import annotations

from forensics.document.build import build_document
from forensics.document.lint import lint

__all__ = ["build_document", "lint"]
