"""Ground floor: errors, canonical JSON, hashes, evidence types, clock and randomness. Imports nothing of credit_risk."""
