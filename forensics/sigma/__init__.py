"""Sigma rules from an investigator's folder, run over the case: somebody else's alerts, which open no finding."""
