"""Model inventory: every model, its stage, who decided what on which evidence; nobody changes it afterwards."""

from __future__ import annotations
