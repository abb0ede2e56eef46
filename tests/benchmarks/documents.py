"""Documents: time and memory of one with 1,000 evidence tables, and of the dossier of a package.

    python tests/benchmarks/documents.py [PACKAGE]

Seconds of processor time and the peak of memory of a process of its own, from reading the package to the bytes of the
PDF. Not collected by pytest; the table of a run is kept in tests/benchmarks/README.md.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

TABLES, ROWS = 1_000, 10
MOMENT = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
COVER = """---
document: development_dossier
title: Benchmark
identifier: DEV
---
Tables.
"""
CHAPTER = """---
title: Tables
---
::: each name in classing.table.{name}
## Table of `{{ var:name }}`

```table evidence=classing.table.$name caption="Classing"
```
:::

## Index

```evidence_index
```
"""


def many() -> None:
    """A document of TABLES tables of ROWS rows."""
    from docs_templates.clauses import registry
    from docs_templates.compose import compose
    from docs_templates.package import read_package
    from docs_templates.render.pdf import render
    from docs_templates.templates import read_template
    from tests.docs_templates.builders import catalogue, item, rows_of, write_package

    entry = catalogue()["classing.table.{characteristic}"]
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template"
        template.mkdir()
        (template / "00_document.md").write_text(COVER, "utf-8")
        (template / "01_tables.md").write_text(CHAPTER, "utf-8")
        evidence = {}
        for number in range(TABLES):
            name = f"characteristic_{number:04d}"
            keys = [{"label": f"[{i}, {i + 1})", "bin_id": i} for i in range(ROWS)]
            evidence[f"classing.table.{name}"] = item(f"classing.table.{name}", entry, rows_of(entry, keys), name)
        package = write_package(Path(folder) / "package", evidence, validated=False)
        _told("made", 0)
        start = time.process_time()
        read = read_package(package)
        document = compose(read_template("development_dossier", template), read, registry(), MOMENT)
        rendered = render(document, MOMENT)
        _told(f"{TABLES:,} tables of {ROWS} rows, {rendered.pages:,} pages", time.process_time() - start)


def dossier(package: str) -> None:
    """The development dossier of a package."""
    from docs_templates.dossier import make_documents

    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        (written,) = make_documents(
            Path(package), ["development_dossier"], out=Path(folder) / "out", clock=lambda: MOMENT
        )
        _told(f"dossier of {Path(package).name}, {written.pages:,} pages", time.process_time() - start)


def _told(what: str, seconds: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"| {what} | {seconds:.1f} | {peak:,.0f} |\n")
    sys.stdout.flush()


def main() -> None:
    """Each part in a process of its own."""
    if os.environ.get("BENCHMARK_PART") == "many":
        many()
    elif os.environ.get("BENCHMARK_PART") == "dossier":
        dossier(sys.argv[1])
    else:
        sys.stdout.write("| what | processor seconds | peak MB |\n| --- | ---: | ---: |\n")
        sys.stdout.flush()
        for part in ("many", "dossier") if sys.argv[1:] else ("many",):
            subprocess.run(
                [sys.executable, __file__, *sys.argv[1:]], env={**os.environ, "BENCHMARK_PART": part}, check=True
            )


if __name__ == "__main__":
    main()
