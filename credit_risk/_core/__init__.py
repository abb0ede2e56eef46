"""Ground floor: errors, canonical JSON, hashes, evidence, clock, randomness. Imports nothing of credit_risk."""
