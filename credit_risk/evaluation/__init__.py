"""Discrimination, calibration, stability, concentration and fairness: arrays in, tidy frames out."""
