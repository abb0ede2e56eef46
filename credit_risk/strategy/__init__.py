"""Cut-offs and what follows from them."""
