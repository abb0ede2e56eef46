"""From the source rows to the snapshot: reading, outcome and samples made again (SPECIFICATION 5.0)."""
