"""Names inside a model package: core paths, annexes, refused paths (SPECIFICATION section 1)."""

from __future__ import annotations

import re
import unicodedata

from credit_risk._core.hashing import sha256_bytes

FORMAT = "credit-risk-model-package"
FORMAT_VERSION = "0.1"
ANNEX_FORMAT = "credit-risk-annex"
ANNEX_KINDS = ("exports", "validation", "documents", "signatures")
SAMPLES = ("development", "calibration", "out_of_sample", "out_of_time", "out_of_time_before")
MANIFEST = "manifest.json"
AUDIT = "audit.jsonl"
SNAPSHOT = "data/snapshot.parquet"
ACCEPTANCE_FILE = "reject_inference/acceptance.json"
KNOWN_OUTCOMES_FILE = "reject_inference/known_outcomes.json"
APPLICANTS_FILE = "reject_inference/applicants.parquet"
ROWS_FILE = "reject_inference/rows.parquet"
REJECT_INFERENCE = (ACCEPTANCE_FILE, KNOWN_OUTCOMES_FILE, APPLICANTS_FILE, ROWS_FILE)
REQUIRED = ("plan.yaml", "plan.json", "model.json", "verification.csv")

_SAMPLES = "|".join(SAMPLES)
_CORE = re.compile(
    r"plan\.yaml|plan\.json|model\.json|verification\.csv|data/snapshot\.parquet|evidence/[^/]+\.json"
    r"|reject_inference/(acceptance\.json|known_outcomes\.json|applicants\.parquet|rows\.parquet)"
    rf"|challengers/[^/]+/model\.json|(challengers/[^/]+/)?predictions/({_SAMPLES})\.parquet"
)
_DRIVE = re.compile(r"[A-Za-z]:")
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # controls, marks of direction, lone surrogates, ends of lines
_DEVICES = {"con", "prn", "aux", "nul", *(f"{word}{n}" for word in ("com", "lpt") for n in range(1, 10))}
LONGEST_PATH, LONGEST_SEGMENT = 1024, 255
LONGEST_NAME, KEPT_OF_LONG_NAME = 180, 150


def hostile(path: str) -> str | None:
    """Why `path` may not be a file name of a package, in words; None where it may."""
    if not path:
        return "is empty"
    if path.startswith("/"):
        return "is absolute"
    if "\\" in path:
        return "holds a backslash"
    if _DRIVE.match(path):
        return "begins with a drive letter"
    if any(unicodedata.category(character) in _UNSEEN for character in path):
        return "holds a control character"
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "has an empty, '.' or '..' segment"
    if len(path.encode()) > LONGEST_PATH or any(len(part.encode()) > LONGEST_SEGMENT for part in parts):
        return f"is longer than {LONGEST_PATH} bytes, or {LONGEST_SEGMENT} in a segment"
    if any(part.split(".", 1)[0].rstrip(" ").casefold() in _DEVICES for part in parts):
        return "has a segment that names a device of Windows"
    if any(part.endswith((".", " ")) or ":" in part for part in parts):
        return "has a segment that ends with a dot or blank, or holds a colon"
    return None


def is_annex(path: str) -> bool:
    """True for files that come after the seal: the annex folders and the audit log."""
    return path == AUDIT or path.split("/", 1)[0] in ANNEX_KINDS


def is_core(path: str) -> bool:
    """True for the paths that section 1 gives to the core; the manifest itself is not among them."""
    return _CORE.fullmatch(path) is not None


def evidence_file(identifier: str) -> str:
    """Path of an evidence id: UTF-8 bytes outside `[A-Za-z0-9._-]` percent-encoded, upper-case hexadecimal.

    Beyond 180 characters (file systems end at 255 bytes) the first 150, `~`, and the id's SHA-256 to 16 digits.
    """
    text = "".join(
        chr(byte) if chr(byte).isascii() and re.match(r"[A-Za-z0-9._-]", chr(byte)) else f"%{byte:02X}"
        for byte in identifier.encode("utf-8")
    )
    if len(text) > LONGEST_NAME:
        text = f"{text[:KEPT_OF_LONG_NAME]}~{sha256_bytes(identifier.encode('utf-8'))[:16]}"
    return f"evidence/{text}.json"


def predictions_file(sample: str, model: str | None = None) -> str:
    """Path of the predictions of a sample, of the champion (`model` None) or of a challenger."""
    folder = "" if model is None else f"challengers/{model}/"
    return f"{folder}predictions/{sample}.parquet"
