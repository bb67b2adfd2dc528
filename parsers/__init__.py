"""Evidence to rows. One file a format; knows nothing of cases, SQL or reports.

In a notebook: `Reading(Source.of_file(path), parser_of("bash_history")).batches()`.
"""

from __future__ import annotations
