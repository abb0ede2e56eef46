"""The severities of findings, gravest first (DESIGN section 6)."""

SEVERITIES = ("critical", "high", "medium", "low", "observation")
