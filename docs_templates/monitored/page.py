"""What the page of a run says: verdict, maturity, score, characteristics, segments, performance, and the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from docs_templates import formatting
from docs_templates.evidence import Cell, Evidence
from docs_templates.house import current_house
from docs_templates.language import say
from docs_templates.monitored.cells import badge, heat, printed, rows_of
from docs_templates.monitored.trend import Line, trend
from docs_templates.pack.page import text, whole
from docs_templates.package import Package
from docs_templates.references import Filter
from docs_templates.spoken import spoken

ALL = Filter("segment", "all", False)
SEGMENTS = Filter("segment", "all", True)
SHIFTS = ("period", "variable", "shift", "standard_error", "p_value", "share", "probability_shift")
TOTALS = ("period", "rows", "shift", "observed_shift", "remainder", "probability_shift", "observed_probability")
DISTANCES = ("period", "variable", "actual_rows", "ks", "ks_p_value", "wasserstein", "standardised_wasserstein")
BINS = ("variable", "bin", "label", "expected_share", "actual_share", "contribution", "score_shift")
QUALITY = ("segment", "variable", "rule", "rows", "total", "rate", "expected", "ratio", "verdict", "reason")
DOMAIN = ("period", "actual_used", "auc", "lower", "upper", "chance_level", "verdict", "reason")
PERFORMANCE = (
    "period",
    "segment",
    "horizon",
    "rows",
    "bad",
    "value",
    "lower",
    "upper",
    "development",
    "verdict",
    "reason",
)
OF_SEGMENT = ("period", "segment", "horizon", "bad", "value", "lower", "upper", "verdict")
LEVEL = ("period", "rows", "bad", "predicted", "observed", "ratio", "ratio_lower", "ratio_upper", "status")
EXPECTED = ("period", "measure", "rows", "estimate", "lower", "upper", "early_ratio", "early_verdict")
LIKE = (
    *("period", "value", "development", "development_like", "difference", "p_value"),
    *("development_ratio", "development_bad", "unused", "verdict"),
)
DECISIONS = ("period", "measure", "rows", "events", "rate", "lower", "upper", "development", "difference", "p_value")
OBJECTIVES = (
    "period",
    "objective",
    "area",
    "rows",
    "value",
    "lower",
    "upper",
    "direction",
    "target",
    "verdict",
    "reason",
)
GOVERNANCE = ("indicator", "item", "title", "severity", "status", "owner", "due", "days_overdue")
SHADOW = (
    "challenger",
    "period",
    "basis",
    "rows",
    "bad",
    "auc_champion",
    "auc_challenger",
    "difference",
    "p_value",
    "warning",
)
LOOKS = (
    *("challenger", "look", "at", "status", "estimate", "z", "boundary", "lower", "upper", "reached", "favours"),
    *("rule", "reason"),
)
ARMS = (
    *("arm", "rows", "bad", "bad_rate", "difference", "difference_lower", "difference_upper", "p_value"),
    "approval_rate",
)
PROFIT = (
    *("period", "measure", "rows", "bad", "total", "total_lower", "total_upper", "expected_total", "currency"),
    "reason",
)
CALIBRATION = (
    *("period", "segment", "scheme", "group", "rows", "bad", "predicted", "observed", "jeffreys_p_value"),
    *("correlated_p_value", "verdict", "correlated_verdict"),
)
STYLE = """
.v{padding:.1rem .5rem;border-radius:3px;border:1px solid;white-space:nowrap}
.r{background:#f8d9d2;color:#6d1300;border-color:#b23a1e}.a{background:#fdeccc;color:#5c3b00;border-color:#c28a1b}
.g{background:#e4f0e1;color:#1f4a18;border-color:#6f9a66}.n{background:#eceff2;color:#444c55;border-color:#a9b2bb}
.heat th,.heat td{min-width:3.6rem;padding:.15rem .4rem;text-align:right;white-space:nowrap}
.heat th[scope=row]{text-align:left;position:sticky;left:0;background:#fff}
.areas{list-style:none;padding:0;display:grid;gap:.4rem}details{margin:.8rem 0}summary{cursor:pointer}
:root{color-scheme:light}body{background:#fff}
@page{size:A4 landscape;margin:11mm 10mm}
@media print{body{font-size:9pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}
header,main,footer{max-width:none;padding:0}.scroll{overflow:visible}section{break-inside:auto}
details::details-content{content-visibility:visible;display:block;block-size:auto}summary{list-style:none}
table{font-size:7pt}th,td,.heat th,.heat td{min-width:0;padding:.1rem .2rem}.heat{font-size:6.4pt}
.v{padding:0 .15rem;white-space:normal}thead{display:table-header-group}tr,figure{break-inside:avoid}
h2,h3,caption,summary{break-after:avoid}figure svg{max-height:62mm}.heat th[scope=row]{position:static}}
""".strip()


def monitoring_page(package: Package) -> str:
    """The page of the run whose evidence `package` holds (`dossier.with_monitoring`): HTML without script."""
    package = spoken(package)

    def found(name: str) -> Evidence | None:
        return package.evidence.get(f"monitoring.{name}")

    parts = [
        ("verdict", say("monitored.verdict"), _verdict(found)),
        ("maturity", say("monitored.maturity"), _maturity(found)),
        ("score", say("monitored.score"), _score(found)),
        ("characteristics", say("monitored.characteristics"), _characteristics(found)),
        ("segments", say("monitored.segments"), _segments(found)),
        ("performance", say("monitored.performance"), _performance(found)),
        ("calibration", say("monitored.calibration"), printed(found("calibration"), CALIBRATION)),
        ("challengers", say("monitored.challengers"), _challengers(found)),
        ("objectives", say("monitored.objectives"), _objectives(found)),
        ("alerts", say("monitored.alerts"), _alerts(found)),
        ("method", say("monitored.method"), _method(package, found)),
    ]
    model = package.manifest["model"]
    title = say("monitored.title", name=model["name"], version=model["version"])
    head = f"<h1>{text(title)}</h1><p><code>{text(package.package_hash)}</code></p>"
    foot = text(say("monitored.foot"))
    return whole(title, head, parts, foot, current_house(), search=False, more_style=STYLE)


def _verdict(found: Callable[[str], Evidence | None]) -> str:
    rows = rows_of(found("verdict"))
    areas = "".join(
        f"<li>{badge(str(row['verdict']))} <strong>{text(row['area'])}</strong> {text(row['period'] or '')}: "
        f"{text(row['reason'] or '')}</li>"
        for row in rows
    )
    alert = " alert" if any(row["verdict"] == "red" for row in rows) else ""
    return f'<div class="verdict{alert}"><ul class="areas">{areas}</ul></div>'


def _maturity(found: Callable[[str], Evidence | None]) -> str:
    columns = ("period", "quantity", "rows", "missing", "mean", "development_mean")
    return (
        printed(found("labels"))
        + printed(found("moments"), columns, ALL, folded=True)
        + printed(found("faults"), folded=True)
        + printed(found("partitions"), folded=True)
    )


def _score(found: Callable[[str], Evidence | None]) -> str:
    item = found("figure.score_stability")
    rows = rows_of(item)
    months = [str(row["period"]) for row in rows]
    lines = [
        Line(say("monitored.index"), _values(rows, "psi")),
        Line(say("monitored.by_chance"), _values(rows, "chance_level"), dashed=True),
    ]
    drawn = _figure(item, trend(item.title, months, lines)) if item is not None and rows else ""
    stability = found("score_stability")
    columns = ("period", "variable", "actual_rows", "psi", "chance_level", "p_value", "persistent", "verdict", "reason")
    return (
        drawn
        + heat(stability, "variable", "period", "psi", ALL)
        + printed(stability, columns, ALL, folded=stability is not None and not stability.is_absent)
        + printed(found("attribution"), SHIFTS, ALL, _last(found("attribution")), folded=True)
        + printed(found("attribution_totals"), TOTALS, ALL, folded=True)
        + printed(found("distances"), DISTANCES, ALL, folded=True)
    )


def _characteristics(found: Callable[[str], Evidence | None]) -> str:
    item = found("characteristic_stability")
    columns = ("period", "variable", "actual_rows", "psi", "chance_level", "adjusted_p_value", "persistent", "reason")
    shifted, last = Filter("verdict", "red", False), _last(item)
    red = printed(item, columns, ALL, shifted, last, folded=True) if rows_of(item, ALL, shifted, last) else ""
    classifier, domain = found("domain_classifier"), found("domain_characteristics")
    return (
        heat(item, "variable", "period", "psi", ALL)
        + red
        + printed(found("bins"), BINS, folded=True)
        + printed(classifier, DOMAIN, ALL, folded=True)
        + (heat(classifier, "segment", "period", "auc", SEGMENTS) if rows_of(classifier, SEGMENTS) else "")
        + printed(domain, None, _last(domain), folded=True)
        + _quality(found("quality"))
        + printed(found("cause"), None, ALL, folded=True)
        + printed(found("replay"), folded=True)
        + printed(found("replay_differences"), folded=True)
    )


def _quality(item: Evidence | None) -> str:
    """What is red or amber in the last month; how many cells of all months are of each verdict."""
    if item is None or item.is_absent:
        return printed(item)
    last, every = _last(item), rows_of(item)
    counts = ", ".join(
        f"{badge(verdict)} {formatting.whole(sum(row['verdict'] == verdict for row in every))}"
        for verdict in ("red", "amber", "green", "grey")
    )
    bad = [
        Filter("verdict", verdict) for verdict in ("red", "amber") if rows_of(item, Filter("verdict", verdict), last)
    ]
    shown = "".join(printed(item, QUALITY, one, last, folded=True) for one in bad)
    return f"<p>{text(say('monitored.quality'))} {counts}</p>{shown}"


def _last(item: Evidence | None) -> Filter:
    """Rows of the last month."""
    return Filter("period", max((str(row["period"]) for row in rows_of(item)), default=""))


def _segments(found: Callable[[str], Evidence | None]) -> str:
    item = found("score_stability")
    if not rows_of(item, SEGMENTS):
        return f"<p>{text(say('monitored.no_segments'))}</p>{printed(found('decisions'), folded=True)}"
    of_score = Filter("variable", "score", False)
    held = (SEGMENTS, of_score) if rows_of(item, SEGMENTS, of_score) else (SEGMENTS,)
    return heat(item, "segment", "period", "psi", *held) + printed(found("decisions"), DECISIONS, ALL, folded=True)


def _performance(found: Callable[[str], Evidence | None]) -> str:
    item, level, measured = found("performance"), found("level"), Filter("measure", "auc")
    return (
        _lines_of_auc(found("figure.performance"))
        + _lines_of_rates(found("figure.level"))
        + printed(item, PERFORMANCE, ALL, measured)
        + printed(found("like_for_like"), LIKE, folded=True)
        + (printed(item, OF_SEGMENT, SEGMENTS, measured, folded=True) if rows_of(item, SEGMENTS, measured) else "")
        + printed(found("level"), LEVEL, ALL, folded=True)
        + (heat(level, "segment", "period", "ratio", SEGMENTS) if rows_of(level, SEGMENTS) else "")
        + printed(found("label_free"), EXPECTED, ALL, folded=True)
    )


def _lines_of_auc(item: Evidence | None) -> str:
    rows = rows_of(item)
    months = sorted({str(row["period"]) for row in rows})
    lines = []
    for method in dict.fromkeys(str(row["method"]) for row in rows):
        by = {str(row["period"]): row for row in rows if row["method"] == method}
        auc, lower, upper = (
            [_number(by[month][name]) if month in by else None for month in months]
            for name in ("auc", "lower", "upper")
        )
        lines.append(Line(method, auc, lower, upper, dashed=method != "mature"))
    return _figure(item, trend(item.title, months, lines)) if item is not None and rows else ""


def _lines_of_rates(item: Evidence | None) -> str:
    rows = rows_of(item)
    months = sorted({str(row["period"]) for row in rows})
    lines = [
        Line(name, [_rate(rows, name, month) for month in months], dashed=place > 0)
        for place, name in enumerate(dict.fromkeys(str(row["series"]) for row in rows))
    ]
    return _figure(item, trend(item.title, months, lines, percent=True)) if item is not None and rows else ""


def _challengers(found: Callable[[str], Evidence | None]) -> str:
    return (
        printed(found("recommendations"))
        + printed(found("looks"), LOOKS, folded=True)
        + printed(found("split"))
        + printed(found("arms"), ARMS)
        + printed(found("challengers"), SHADOW, ALL, folded=True)
    )


def _objectives(found: Callable[[str], Evidence | None]) -> str:
    return printed(found("objectives"), OBJECTIVES, ALL) + printed(found("profit"), PROFIT, ALL)


def _alerts(found: Callable[[str], Evidence | None]) -> str:
    return printed(found("alerts")) + printed(found("governance"), GOVERNANCE) + printed(found("advice"))


def _method(package: Package, found: Callable[[str], Evidence | None]) -> str:
    files = sorted((package.monitoring or {}).get("files", {}).items())
    hashes = "".join(f"<li>{text(name)} <code>{text(entry['sha256'])}</code></li>" for name, entry in files)
    listed = f"<details><summary>{text(say('monitored.files'))}</summary><ul>{hashes}</ul></details>"
    return printed(found("run")) + listed


def _figure(item: Evidence, picture: str) -> str:
    notes = "; ".join(item.raw["notes"])
    caption = f"<strong>{text(item.title)}.</strong> {text(notes)}"
    return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>" if picture else ""


def _rate(rows: Sequence[dict[str, Cell]], series: str, month: str) -> float | None:
    return next((_number(row["rate"]) for row in rows if row["series"] == series and row["period"] == month), None)


def _values(rows: Sequence[dict[str, Cell]], name: str) -> list[float | None]:
    return [_number(row[name]) for row in rows]


def _number(cell: Cell) -> float | None:
    return float(cell) if isinstance(cell, (int, float)) and not isinstance(cell, bool) else None
