"""Independent validation of a model package: reads the open format, rebuilds the model, compares, writes findings.

package = validation.read_package("build/taiwan_credit")
run = validation.validate(package)
run.recommendation, run.findings["findings"]
"""

from __future__ import annotations

from validation.errors import Fault, ValidationInputError
from validation.package import Package
from validation.policy import Policy, read_policy
from validation.reader import read_package
from validation.run import Rebuild, ValidationRun, battery, rebuild, validate

__all__ = [
    "Fault",
    "Package",
    "Policy",
    "Rebuild",
    "ValidationInputError",
    "ValidationRun",
    "battery",
    "read_package",
    "read_policy",
    "rebuild",
    "validate",
]
