"""Fixtures and rules of the whole suite: environment, test data, reference packages, no skips in CI."""

from __future__ import annotations

import os

# Before numpy is imported anywhere: one BLAS thread per process, one time zone.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_MAX_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ["TZ"] = "UTC"
os.environ.setdefault("MPLBACKEND", "Agg")

import shutil
import subprocess
import sys
import time

# Programs that tests start by the hundred compile their sources once, whatever the machine's setting.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

if hasattr(time, "tzset"):
    time.tzset()

REPOSITORY = Path(__file__).resolve().parents[1]
PROGRAMS_NEEDED = {"java": "java", "poppler": "pdftoppm"}
BUILD_SECONDS = 20 * 60

# The same examples on every run; HYPOTHESIS_PROFILE=explore looks for new ones.
# How long the drawing of examples takes says something of the machine's load and nothing of the code.
UNTIMED = (HealthCheck.too_slow,)
settings.register_profile("fixed", derandomize=True, deadline=None, database=None, suppress_health_check=UNTIMED)
settings.register_profile("explore", deadline=None, max_examples=1000, suppress_health_check=UNTIMED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


# ------------------------------------------------------------------------------------------ what CI requires
def nothing_may_be_skipped() -> bool:
    """CI sets CREDIT_RISK_REQUIRE_TEST_DATA=1: missing data, Java or poppler is then a failure."""
    return os.environ.get("CREDIT_RISK_REQUIRE_TEST_DATA", "") not in ("", "0")


class SkipLedger:
    """Collects what was skipped, on the process that reports, and fails the session where nothing may be."""

    def __init__(self) -> None:
        self.skipped: list[str] = []

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self.skipped.append(f"{report.nodeid}: {reason}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.skipped:
            terminalreporter.section("skipped, although CREDIT_RISK_REQUIRE_TEST_DATA forbids it", red=True)
            for line in self.skipped:
                terminalreporter.line(line)


def pytest_configure(config: pytest.Config) -> None:
    is_worker = hasattr(config, "workerinput")
    if nothing_may_be_skipped() and not is_worker:
        config.pluginmanager.register(SkipLedger(), "skip-ledger")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, program in PROGRAMS_NEEDED.items():
        if item.get_closest_marker(marker) is not None and shutil.which(program) is None:
            pytest.skip(f"needs {program} on the PATH")


@pytest.fixture(scope="session", autouse=True)
def no_waiting_for_the_disk() -> Iterator[None]:
    """What is forced to the disk outlives a crash of the machine, which no test can see: here it is not waited for.

    Programs that tests start do wait; a descriptor that is not open is an error as ever.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: os.fstat(descriptor) and None)
        yield


# ------------------------------------------------------------------------------------------------- test data
@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Folder of the public data sets that are not in the repository.

    CREDIT_RISK_TEST_DATA, else `../shared/data` beside the checkout; skipped where there is neither.
    """
    named = os.environ.get("CREDIT_RISK_TEST_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if folder.is_dir():
        return folder.resolve()
    message = f"no test data: {folder} is not a folder (set CREDIT_RISK_TEST_DATA)"
    if nothing_may_be_skipped():
        pytest.fail(message)
    pytest.skip(message)


# ----------------------------------------------------------------------------------- built once per session
def once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], None]) -> Path:
    """Run `build(folder)` once for all workers of the session; the others wait for it.

    A failed build is told to every worker and not repeated.
    """
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, claim, done, failed = (shared / f"{name}{suffix}" for suffix in ("", ".claim", ".done", ".failed"))
    try:
        os.close(os.open(claim, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        limit = time.monotonic() + BUILD_SECONDS
        while not done.exists() and not failed.exists():
            if time.monotonic() > limit:
                pytest.fail(f"{name} was not built within {BUILD_SECONDS} s by another worker")
            time.sleep(0.1)
    else:
        try:
            folder.mkdir()
            build(folder)
        except Exception as error:  # noqa: BLE001 - whatever it was is told to every worker
            failed.with_suffix(".partial").write_text(f"{error}", encoding="utf-8")
            failed.with_suffix(".partial").rename(failed)
        else:
            done.touch()
    if failed.exists():
        pytest.fail(f"{name} could not be built:\n{failed.read_text(encoding='utf-8')}")
    return folder


def _run(command: list[str], **variables: str) -> None:
    finished = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=os.environ | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    if finished.returncode != 0:
        raise RuntimeError(f"{command} ended with {finished.returncode}\n{finished.stdout}\n{finished.stderr}")


def _package(factory: pytest.TempPathFactory, name: str, plan: Path, **variables: str) -> Path:
    """`credit-risk run PLAN --out FOLDER/package`, through the command that users have."""
    program = "import sys; from credit_risk.cli import main; sys.exit(main())"

    def build(folder: Path) -> None:
        _run([sys.executable, "-c", program, "run", str(plan), "--out", str(folder / "package")], **variables)

    return once(factory, name, build) / "package"


@pytest.fixture(scope="session")
def taiwan_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of `scorecards/taiwan_credit`, complete with its annexes. Read it; copy it to change it."""
    return _package(tmp_path_factory, "taiwan_package", REPOSITORY / "scorecards" / "taiwan_credit")


@pytest.fixture(scope="session")
def behaviour_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of `scorecards/portfolio_behaviour` (rolling observation points), complete with its annexes."""
    return _package(tmp_path_factory, "behaviour_package", REPOSITORY / "scorecards" / "portfolio_behaviour")


@pytest.fixture(scope="session")
def underwriting_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of `scorecards/underwriting_loans` (policy rules; some applicants have no outcome), with annexes."""
    return _package(tmp_path_factory, "underwriting_package", REPOSITORY / "scorecards" / "underwriting_loans")


@pytest.fixture(scope="session")
def prescreen_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of `scorecards/prescreen_loans` (few characteristics, of the bureau), complete with its annexes."""
    return _package(tmp_path_factory, "prescreen_package", REPOSITORY / "scorecards" / "prescreen_loans")


@pytest.fixture(scope="session")
def door_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of `scorecards/through_the_door` (reject inference by reweighting), complete with its annexes."""
    return _package(tmp_path_factory, "door_package", REPOSITORY / "scorecards" / "through_the_door")


@pytest.fixture(scope="session")
def german_package(tmp_path_factory: pytest.TempPathFactory, test_data: Path) -> Path:
    """The package of the German credit data (1,000 rows, mostly categorical). Read only."""
    plan = REPOSITORY / "tests" / "plans" / "german_credit" / "plan.yaml"
    return _package(tmp_path_factory, "german_package", plan, CREDIT_RISK_TEST_DATA=str(test_data))


@pytest.fixture(scope="session")
def heloc_package(tmp_path_factory: pytest.TempPathFactory, test_data: Path) -> Path:
    """The package of the HELOC data (special codes -7, -8, -9 everywhere). Read only."""
    plan = REPOSITORY / "tests" / "plans" / "heloc" / "plan.yaml"
    return _package(tmp_path_factory, "heloc_package", plan, CREDIT_RISK_TEST_DATA=str(test_data))


@pytest.fixture(scope="session")
def lgd_package(tmp_path_factory: pytest.TempPathFactory, test_data: Path) -> Path:
    """The package of the LGD data: fractional logit on classed characteristics, and beta regression. Read only."""
    plan = REPOSITORY / "tests" / "plans" / "lgd" / "plan.yaml"
    return _package(tmp_path_factory, "lgd_package", plan, CREDIT_RISK_TEST_DATA=str(test_data))


@pytest.fixture(scope="session")
def loss_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of simulated losses: Tweedie with profiled variance power, exposure, offset, weights. Read only."""
    plans = REPOSITORY / "tests" / "plans" / "loss_amounts"

    def build(folder: Path) -> None:
        _run([sys.executable, str(plans / "make_data.py"), str(folder / "loss_amounts.csv")])

    data = once(tmp_path_factory, "loss_data", build)
    return _package(tmp_path_factory, "loss_package", plans / "plan.yaml", CREDIT_RISK_LOSS_AMOUNTS=str(data))


@pytest.fixture(scope="session")
def built_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it would be released, built from the checkout with the locked backend."""

    def build(folder: Path) -> None:
        _run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), "."])

    (wheel,) = once(tmp_path_factory, "built_wheel", build).glob("*.whl")
    return wheel
