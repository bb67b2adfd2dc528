"""The case in the words of other tools: Timesketch, ATT&CK Navigator, STIX. Nothing is said that the case does not say.

Exports read what was committed, never evidence; they read no clock, so that the same case gives the same bytes, and
secrets and the case's private words stay masked. The incident document remains the whole; these leave things out.
"""
