"""Training that has been done is not done again: forests by the digest of all that they depend on, in memory only."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

import numpy as np

from validation.rebuild.boosting.settings import Floats, Forest, Settings
from validation.rebuild.boosting.training import train

MOST = 128
_FORESTS: OrderedDict[str, Forest] = OrderedDict()


def trained(
    features: Floats,
    bad: Floats,
    settings: Settings,
    *,
    share: float,
    weight: Floats,
    offset: Floats | None = None,
) -> Forest:
    """As `train`; the last 128 forests are kept."""
    key = _key([features, bad, weight, *([] if offset is None else [offset])], repr((settings, share)))
    found = _FORESTS.pop(key, None)
    if found is None:
        found = train(features, bad, settings, share=share, weight=weight, offset=offset)
    _FORESTS[key] = found
    while len(_FORESTS) > MOST:
        _FORESTS.popitem(last=False)
    return found


def _key(arrays: list[Floats], words: str) -> str:
    digest = hashlib.sha256(words.encode())
    for array in arrays:
        digest.update(repr(array.shape).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
