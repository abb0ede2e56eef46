"""Short rebuild scripts that a validator can read in one sitting: `python validation/scripts/X.py PACKAGE`."""
