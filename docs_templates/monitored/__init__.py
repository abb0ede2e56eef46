"""The page of a run of monitoring: one self-contained HTML file, made of its evidence."""
