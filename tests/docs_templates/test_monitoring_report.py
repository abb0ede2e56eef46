"""Report and page of a run of monitoring."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from docs_templates.cli import main
from docs_templates.dossier import make_documents, with_monitoring
from docs_templates.errors import DocumentError
from docs_templates.language import speaking
from docs_templates.language_files import read_language
from docs_templates.monitored.page import monitoring_page
from docs_templates.monitored.trend import Line, trend
from docs_templates.package import read_package
from docs_templates.verify.run import verify
from tests.docs_templates.builders import write_package
from tests.docs_templates.conftest import MOMENT
from tests.docs_templates.monitoring_run import monitoring_evidence, write_run

PRINTED = shutil.which("pdftotext")
BROWSER = shutil.which("chromium-headless-shell") or shutil.which("chromium")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_package(tmp_path_factory.mktemp("monitored") / "package")


@pytest.fixture(scope="module")
def run(package: Path) -> Path:
    return write_run(package.parent / "run", _hash(package))


def _hash(package: Path) -> str:
    return hashlib.sha256((package / "manifest.json").read_bytes()).hexdigest()


def test_the_report_and_the_page_are_written_beside_the_run_and_verify(package: Path, run: Path) -> None:
    (report,) = make_documents(package, monitoring=run, clock=lambda: MOMENT)
    assert report.path == run / "documents" / "monitoring_report.pdf"
    assert (run / "documents" / "index.html").is_file()
    assert verify(report.path, package, monitoring=run).intact
    without = verify(report.path, package)
    assert not without.intact


def test_a_run_of_another_package_an_altered_one_and_none_are_refused(package: Path, tmp_path: Path) -> None:
    other = write_run(tmp_path / "other", "0" * 64)
    with pytest.raises(DocumentError, match="another package"):
        make_documents(package, monitoring=other)
    altered = write_run(tmp_path / "altered", _hash(package))
    path = next((altered / "evidence").iterdir())
    path.write_bytes(path.read_bytes().replace(b"statement", b"statemend").replace(b"0", b"1", 1))
    with pytest.raises(DocumentError, match="other bytes"):
        make_documents(package, monitoring=altered)
    with pytest.raises(DocumentError, match="no run of monitoring is named"):
        make_documents(package, ["monitoring_report"], out=tmp_path / "out")
    with pytest.raises(DocumentError, match="lacks the file"):
        make_documents(package, monitoring=package / "evidence")
    assert main([str(package), "--monitoring", str(other), "--quiet"]) == 2
    assert not (other / "documents").exists()


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loaded += [v or "" for k, v in attrs if k in ("src", "href") and not (v or "").startswith("#")]


@pytest.fixture(scope="module")
def large(package: Path) -> str:
    segments = tuple(f"channel={one}" for one in ("branch", "web", "broker", "telephone"))
    folder = write_run(package.parent / "large", _hash(package), monitoring_evidence(50, 24, segments))
    return monitoring_page(with_monitoring(read_package(package), folder))


def test_fifty_characteristics_over_two_years_stay_small_and_load_nothing(large: str) -> None:
    page = _Page()
    page.feed(large)
    assert len(large.encode()) < 300_000
    assert "script" not in page.tags
    assert page.loaded == []
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', large)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert large.count("<section") == 11
    assert (
        len(re.findall(r"<tr><th scope=\"row\">CHARACTERISTIC_\d\d</th>(?:<td[^>]*>[^<]*</td>){24}</tr>", large)) == 50
    )


def test_verdicts_are_words_and_marks_and_not_colour_alone(large: str) -> None:
    cells = re.findall(r'<td class="([ranv])">([^<]*)</td>', large)
    assert {kind for kind, _ in cells} == {"r", "a", "n"}
    assert all(mark in text for kind, text in cells for mark in {"r": "▲", "a": "△", "n": "–"}[kind])
    assert '<span class="v r">red ▲</span>' in large


def test_worst_sections_come_first(large: str) -> None:
    order = re.findall(r'<section id="(\w+)"', large)
    assert order[:6] == ["verdict", "maturity", "score", "characteristics", "segments", "performance"]
    assert order[-1] == "method"


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("width", [360, 1280])
def test_a_browser_opens_the_page_without_a_complaint(large: str, width: int, tmp_path: Path) -> None:
    file, picture = tmp_path / "index.html", tmp_path / "page.png"
    file.write_text(large, encoding="utf-8")
    assert BROWSER is not None
    command = [BROWSER, "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", f"--window-size={width},2000"]
    command += [f"--screenshot={picture}", f"--user-data-dir={tmp_path / 'profile'}", file.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "CONSOLE" not in done.stderr
    assert picture.stat().st_size > 20_000
    command[-3] = "--dump-dom"
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert shown.count("<section") == 11


@pytest.mark.skipif(BROWSER is None or PRINTED is None, reason="no Chromium, or no pdftotext, on this machine")
def test_the_printed_page_holds_what_is_folded_and_cuts_nothing(large: str, tmp_path: Path) -> None:
    file, printed, boxes = (tmp_path / name for name in ("index.html", "page.pdf", "boxes.html"))
    file.write_text(large, encoding="utf-8")
    assert BROWSER is not None
    assert PRINTED is not None
    command = [BROWSER, "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--no-pdf-header-footer", f"--print-to-pdf={printed}", file.as_uri()]
    subprocess.run(command, capture_output=True, timeout=120, check=True)
    subprocess.run([PRINTED, "-bbox", str(printed), str(boxes)], timeout=60, check=True)
    text = boxes.read_text("utf-8")
    pages = re.findall(r'<page width="([\d.]+)" height="([\d.]+)">(.*?)</page>', text, re.DOTALL)
    assert len(pages) > 5
    for width, height, words in pages:
        assert float(width) > float(height)  # turned, so that two years stand side by side
        ends = [float(end) for end in re.findall(r'xMax="([\d.]+)"', words)]
        assert max(ends, default=0.0) < float(width) - 20.0
    folded = re.findall(r"<details><summary>(.*?)</summary>(.*?)</details>", large, re.DOTALL)
    assert len(folded) > 10
    cells = set(re.findall(r">([^<>\s]+)</word>", text))
    for title, body in folded:
        inside = {word for word in re.findall(r">([A-Za-z0-9.,-]+)</t[dh]>", body) if len(word) > 2}
        assert inside <= cells, title


def test_the_page_speaks_german(package: Path, run: Path) -> None:
    with speaking(read_language("de")):
        page = monitoring_page(with_monitoring(read_package(package), run))
    assert '<html lang="de">' in page
    assert "Stabilität des Scores" in page
    assert "rot ▲" in page


def test_names_with_markup_are_text(package: Path, tmp_path: Path) -> None:
    evidence = monitoring_evidence(2, 3, ('a="b"<script>alert(1)</script>',))
    nasty = write_run(tmp_path / "nasty", _hash(package), evidence)
    page = monitoring_page(with_monitoring(read_package(package), nasty))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_line_breaks_where_a_month_has_no_value() -> None:
    picture = trend(
        "Index", ["2026-01", "2026-02", "2026-03", "2026-04"], [Line("index", [0.1, 0.2, None, 0.3], dashed=True)]
    )
    (path,) = re.findall(r'<path d="([^"]*)" fill="none"', picture)
    assert path.count("M") == 2
    assert picture.count("<circle") == 3 + 1
    assert "stroke-dasharray" in picture
    assert trend("Index", ["2026-01"], [Line("index", [None])]) == ""
