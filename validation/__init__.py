"""Independent validation of a model package: reads the open format, rebuilds the model, compares, writes findings.

import validation as v

package = v.read_package("build/taiwan_credit")
policy = v.read_policy()                      # the validator's; or a file of one's own
v.rebuild(package, policy).frame()            # every quantity recomputed, beside the developer's
v.battery(package, policy).frame()            # every test with its cut and outcome
run = v.validate(package, policy)             # both, and the findings
run.recommendation, run.findings_frame(), v.compare_findings(v.read_earlier("old"), run.findings)
"""

from __future__ import annotations

from validation.errors import Fault, ValidationInputError
from validation.package import Package
from validation.policy import Policy, read_policy
from validation.reader import read_package
from validation.retest import Earlier, compare_findings, read_earlier
from validation.run import Battery, Rebuild, ValidationRun, battery, rebuild, validate

__all__ = [
    "Battery",
    "Earlier",
    "Fault",
    "Package",
    "Policy",
    "Rebuild",
    "ValidationInputError",
    "ValidationRun",
    "battery",
    "compare_findings",
    "read_earlier",
    "read_package",
    "read_policy",
    "rebuild",
    "validate",
]
