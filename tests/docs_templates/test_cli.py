"""The command: exit statuses, messages, what it replaces and what it leaves alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import jsonschema
import pytest

from docs_templates import annex, dossier
from docs_templates.cli import main
from tests.docs_templates.builders import all_evidence, write_package

ROOT = Path(__file__).parents[2]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small validated package; the clock stands still."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1763683200")
    return write_package(tmp_path / "in" / "package", all_evidence(("X",)))


def _bytes(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_documents_are_written_and_told(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = _bytes(package)
    assert main([str(package)]) == 0
    said = capsys.readouterr()
    for name in ("development_dossier", "validation_report"):
        path = package / "documents" / f"{name}.pdf"
        assert path.read_bytes().startswith(b"%PDF")
        assert f"{path.stat().st_size:,} bytes" in said.out
        assert str(path) in said.out
    assert said.err == ""
    after = _bytes(package)
    assert {k: v for k, v in after.items() if not k.startswith("documents/")} == before
    assert list(package.parent.iterdir()) == [package]
    assert main([str(package), "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert _bytes(package) == after  # the same clock, the same bytes


def test_one_document_leaves_the_other_of_the_same_package(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(package), "--document", "validation_report"]) == 0
    assert main([str(package), "--document", "development_dossier"]) == 0
    assert "kept validation_report.pdf" in capsys.readouterr().out
    manifest = json.loads((package / "documents" / "manifest.json").read_text("utf-8"))
    assert sorted(manifest["files"]) == ["development_dossier.pdf", "validation_report.pdf"]


@pytest.mark.parametrize("name", ["notes.txt", "manifest.json"])
def test_a_folder_that_is_not_ours_is_left_alone(package: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = package.parent / "out"
    folder.mkdir()
    (folder / name).write_text("{}", encoding="utf-8")
    assert main([str(package), "--out", str(folder)]) == 2
    assert "nothing was written" in capsys.readouterr().err
    assert _bytes(folder) == {name: b"{}"}


def test_a_file_added_to_our_annex_is_not_thrown_away(package: Path) -> None:
    assert main([str(package), "--quiet"]) == 0
    (package / "documents" / "remarks.docx").write_bytes(b"x")
    assert main([str(package), "--quiet"]) == 2
    assert (package / "documents" / "remarks.docx").exists()


ANCHOR = f"audit trail {'a' * 64}, event 3 of 2026-11-20T10:00:00Z: {'b' * 64}"


def test_the_head_of_an_audit_trail_is_kept_in_the_annex(package: Path) -> None:
    assert main([str(package), "--quiet", "--anchor", ANCHOR]) == 0
    manifest = json.loads((package / "documents" / "manifest.json").read_text("utf-8"))
    assert manifest["anchor"] == ANCHOR
    schema = json.loads((ROOT / "scorecards" / "format" / "annex.schema.json").read_text("utf-8"))
    assert schema["properties"]["anchor"]["pattern"] == f"^{annex.ANCHOR.pattern}$"
    jsonschema.validate(manifest, schema)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--anchor", ANCHOR[:-1]], "not the head of an audit trail"),
        (["--anchor", ANCHOR, "--governance", "g.json"], "g.json: an anchor is given beside a governance file"),
    ],
)
def test_no_anchor_or_two_are_refused(
    package: Path, given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _bytes(package)
    assert main([str(package), *given]) == 2
    assert said in capsys.readouterr().err
    assert _bytes(package) == before


def test_a_zip_needs_a_folder(package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in _bytes(package).items():
            archive.writestr(name, data)
    assert main([str(path)]) == 2
    assert "--out" in capsys.readouterr().err
    assert main([str(path), "--out", str(tmp_path / "zipped")]) == 0
    assert main([str(package), "--out", str(tmp_path / "plain")]) == 0
    assert _bytes(tmp_path / "zipped") == _bytes(tmp_path / "plain")


@pytest.mark.parametrize(
    "content", [None, b"", b"PK\x03\x04 truncated", b"not a package"], ids=["absent", "empty", "truncated", "text"]
)
def test_what_is_no_package_is_refused(
    tmp_path: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "thing"
    if content is not None:
        path.write_bytes(content)
    assert main([str(path), "--out", str(tmp_path / "out")]) == 2
    assert str(path) in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_wrong_arguments_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main(["p", "--document", "poem"]) == 2
    assert main(["--help"]) == 0
    assert "development_dossier" in capsys.readouterr().out


def test_a_failed_write_leaves_the_earlier_annex(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main([str(package), "--quiet"]) == 0
    before = _bytes(package)
    written: list[Path] = []

    def full(path: Path, data: bytes) -> None:
        written.append(path)
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        path.write_bytes(data)

    monkeypatch.setattr(annex, "_write", full)
    assert main([str(package), "--quiet"]) == 2
    assert _bytes(package) == before
    assert list(package.parent.iterdir()) == [package]


def test_internal_errors_and_interrupts_have_their_status(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a defect")

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(dossier, "read_package", broken)
    assert main([str(package)]) == 70
    monkeypatch.setattr(dossier, "read_package", stopped)
    assert main([str(package)]) == 130


@pytest.mark.parametrize("module", ["reportlab", "markdown_it"])
def test_a_missing_extra_is_named(package: Path, module: str) -> None:
    program = f"import sys; sys.modules['{module}'] = None; from docs_templates.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, str(package)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == 2
    assert "[documents]" in done.stderr


def test_the_renderer_alone_touches_reportlab() -> None:
    program = (
        "import sys; import docs_templates.cli, docs_templates.dossier, docs_templates.compose;"
        "print([m for m in sys.modules if m.split('.')[0] in ('reportlab', 'numpy', 'credit_risk', 'validation')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


WITHOUT_EFFECT = {
    "the version before, and no change log": (
        ["package", "--document", "model_card", "--previous", "old"], "--previous goes with --document change_log"),
    "languages, and none is chosen": (
        ["package", "--language-folder", "own"], "--language-folder goes with --language"),
    "languages of DOCX": (
        ["word", "package", "--out", "out", "--language-folder", "own"], "--language-folder goes with --language"),
    "languages of letters": (
        ["letter", "n.json", "--package", "p", "--out", "out", "--language-folder", "own"], "--language-folder goes"),
    "a letter of a change log": (
        ["verify", "l.pdf", "--package", "p", "--notice", "n.json", "--document", "change_log", "--previous", "old"],
        "--document, --previous has no effect with --notice",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WITHOUT_EFFECT)
def test_options_without_effect_are_refused(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, words = WITHOUT_EFFECT[case]
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert words in told.err
    assert not list(tmp_path.iterdir())
