"""The families of the suite: each function tells one story to a `Teller`.

`incidents*` hold what must be found, `rivals*` what must not be laid at the agent's door. Modules ending in `held_out`
are kept apart; see `forensics.demo.suite`.
"""

from __future__ import annotations
