"""The audit trail: events in a hash chain, anchors of its head, and its verification. Needs no database."""
