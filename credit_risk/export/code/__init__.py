"""Source code for stacks without an engine, from a model package alone: C, Java, SAS, COBOL."""

from __future__ import annotations

from credit_risk.export.code.c import c_source
from credit_risk.export.code.cobol import cobol_source
from credit_risk.export.code.java import java_source
from credit_risk.export.code.sas import sas_source

__all__ = ["c_source", "cobol_source", "java_source", "sas_source"]
