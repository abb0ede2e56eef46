"""What is done with the inventory: each act checks, appends events, and returns facts."""
