"""Ed25519 keys of persons, and the statements that are signed with them. Needs no database."""
