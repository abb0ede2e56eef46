"""Performance under label delay: labels with states, censoring weights, vintages, calibration, estimates, decisions."""
