"""Rows of production on disk, read again chunk by chunk, sorted in buckets: measures of any number of rows in fixed
memory."""
