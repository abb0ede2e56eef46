"""`python -m validation PACKAGE`."""

from __future__ import annotations

from validation.cli import command

if __name__ == "__main__":
    command()
