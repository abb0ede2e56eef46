"""Links of generalised linear models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtr, ndtri

Floats = NDArray[np.float64]
Function = Callable[[Floats], Floats]
LOG_ROOT_TWO_PI = 0.5 * float(np.log(2 * np.pi))


@dataclass(frozen=True, slots=True)
class Link:
    """A link g: forward g(mu), inverse of the linear predictor, slope dmu/deta of the linear predictor; all (n,)."""

    name: str
    forward: Function
    inverse: Function
    slope: Function


def _density(eta: Floats) -> Floats:
    return np.exp(-0.5 * eta**2 - LOG_ROOT_TWO_PI)


LINKS: Mapping[str, Link] = MappingProxyType(
    {
        "log": Link("log", np.log, np.exp, np.exp),
        "logit": Link("logit", logit, expit, lambda eta: expit(eta) * expit(-eta)),
        "probit": Link("probit", ndtri, ndtr, _density),
    }
)
