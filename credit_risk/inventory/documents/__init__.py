"""Documents that are signed (PAdES) in the act of a sign-off: made, recorded in its statement, and checked."""
