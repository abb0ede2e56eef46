"""The areas that the rebuild compares, one a module: `compare_...(workspace)` records into the ledger."""
