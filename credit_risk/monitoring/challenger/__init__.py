"""Champion and challenger in production: shadow comparison, assignment, repeated looks, recommendation."""
