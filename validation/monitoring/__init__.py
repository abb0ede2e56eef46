"""A run of monitoring held against the rows it was made of: counted, joined and measured again by our own code."""
