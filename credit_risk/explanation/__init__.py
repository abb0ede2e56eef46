"""Reason codes: which characteristics cost an applicant points, and how that is said."""
