"""A report model to one self-contained HTML page; knows nothing of SQL, parsers or cases.

`reports.model` says what a report holds, `reports.document.load` and `dump` read and write it, `reports.render.render`
makes the page.
"""

from __future__ import annotations
