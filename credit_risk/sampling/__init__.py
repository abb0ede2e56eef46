"""Intake, outcome, samples and derived characteristics."""
