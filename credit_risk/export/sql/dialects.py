"""The nine dialects: how each writes doubles, texts, identifiers and functions, and the limits that it sets.

sqlglot quotes identifiers and texts; all else in which engines differ on a number's last digit, on NULL or on the
order of texts is written here, since it decides whether an export scores as its package does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from sqlglot import exp

GREATEST_DOUBLE = 1.7976931348623157e308


@dataclass(frozen=True, slots=True)
class Dialect:
    """A dialect of SQL. `key` is the ending of the file (`duckdb`), `read_as` sqlglot's name of it.

    literal: an IEEE double as text that the engine reads back to the same double.
    number, text: an input column (already quoted) as a double, as a text compared by code point; NaN and the empty text
    are NULL.
    ieee: arithmetic goes beyond the range to infinity or zero; else it raises, and every operation that could is
    guarded. case_depth: CASEs within one another. case_blind: quoted names that differ only in case are one column.
    refused: characters that no column name can hold. most_name: its length, in bytes of UTF-8 where `name_bytes`.
    listed: the number at a place (a column of whole numbers) among constants, where the dialect has lists and an engine
    was seen to read them right; first_place: the place of the first.
    sentinel: put behind texts that are compared, where the engine passes over spaces at the end.
    """

    key: str
    title: str
    read_as: str
    literal: Callable[[float], str]
    number: str
    text: str
    text_type: str
    proved: bool = False
    ieee: bool = False
    floor: str = "FLOOR({x})"
    logarithm: str = "LN"
    least: str = "LEAST"
    greatest: str = "GREATEST"
    most_arguments: int = 100
    case_depth: int = 40
    most_columns: int = 1000
    most_bytes: int = 0
    most_tokens: int = 0
    most_list: int = 0
    case_blind: bool = True
    refused: str = ""
    most_name: int = 128
    name_bytes: bool = False
    cte: str = "AS"
    select: str = "SELECT"
    fence: str = ""
    join: str = "||"
    text_prefix: str = ""
    compared: str = "{x}"
    sentinel: str = ""
    length: str = "LENGTH({x})"
    part: str = "SUBSTR({x}, {start}, {length})"
    matches: str = ""
    ending: str = "$"
    integer: str = "INTEGER"
    null_number: str = "CAST(NULL AS DOUBLE)"
    listed: Callable[[Sequence[float], str], str] | None = None
    first_place: int = 0
    part_table: str = "CREATE TABLE {name} AS\n{query}"
    notes: tuple[str, ...] = ()

    def quoted(self, name: str) -> str:
        """A column's name in the dialect's quotes."""
        return exp.to_identifier(name, quoted=True).sql(dialect=self.read_as)

    def string(self, text: str) -> str:
        """A text constant."""
        return self.text_prefix + exp.Literal.string(text).sql(dialect=self.read_as)


def _shortest(value: float) -> str:
    return repr(float(value) + 0.0).replace("e+", "E").replace("e", "E")


def _exponent(value: float) -> str:
    """`1.5E0`: with an exponent it is a double, without one a decimal number."""
    text = _shortest(value)
    return text if "E" in text else f"{text}E0"


def _cast(value: float, suffix: str) -> str:
    return f"{_shortest(value)}{suffix}"


@cache
def _for_sqlite(value: float) -> str:
    """A decimal number where any SQLite reads it right, else a quotient of whole numbers that is exact.

    SQLite turns decimals into doubles by way of an extended format, so it misreads those that lie almost halfway
    between two doubles: one in some 2,000 with versions before 3.43.
    """
    if not value or _is_safe(value):
        return _exponent(value)
    mantissa, exponent = math.frexp(value)
    text, exponent = f"{int(mantissa * 2**53)}.0", exponent - 53
    while exponent:
        step = max(-62, min(62, exponent))
        text += f" * {2**step}.0" if step > 0 else f" / {2**-step}.0"
        exponent -= step
    return f"({text})"


def _is_safe(value: float) -> bool:
    """Whether the shortest decimal lies so far from halfway between two doubles that a rough reading is right."""
    written, exact = abs(Fraction(_shortest(value))), abs(Fraction(value))
    ulp = Fraction(math.ulp(value))
    if abs(value) < 1e-290 or abs(value) > 1e290:
        return False
    margin = ulp / 2 - abs(written - exact)
    power = math.frexp(value)[0] in (0.5, -0.5)
    near = 2**-7 if 1e-20 < abs(value) < 1e20 else 2**-5
    return (not power and margin > ulp * Fraction(near)) or written == exact


def _in_brackets(values: Sequence[float], place: str) -> str:
    return f"[{', '.join(map(_exponent, values))}][{place}]"


def _in_braces(values: Sequence[float], place: str) -> str:
    return f"('{{{', '.join(map(_shortest, values))}}}'::float8[])[{place}]"


def _in_array(values: Sequence[float], place: str) -> str:
    return f"array({', '.join(f'{_exponent(value)}D' for value in values)})[{place}]"


_BIN2 = "Latin1_General_100_BIN2"

DUCKDB = Dialect(
    "duckdb",
    "DuckDB",
    "duckdb",
    _exponent,
    "NULLIF(CAST({x} AS DOUBLE), CAST('NaN' AS DOUBLE))",
    "NULLIF(CAST({x} AS VARCHAR), '')",
    "VARCHAR",
    proved=True,
    ieee=True,
    most_columns=20_000,
    most_name=100_000,
    matches="REGEXP_FULL_MATCH({x}, {pattern})",
    ending="",
    listed=_in_brackets,
    first_place=1,
)
POSTGRES = Dialect(
    "postgres",
    "PostgreSQL",
    "postgres",
    lambda value: _cast(value, "::float8"),
    "NULLIF(CAST({x} AS DOUBLE PRECISION), 'NaN'::float8)",
    "NULLIF(CAST({x} AS TEXT) COLLATE \"C\", '')",
    "TEXT",
    proved=True,
    most_columns=1600,
    case_blind=False,
    most_name=63,
    name_bytes=True,
    fence="OFFSET 0",
    matches="{x} ~ {pattern}",
    null_number="CAST(NULL AS DOUBLE PRECISION)",
    listed=_in_braces,
    first_place=1,
    notes=("OFFSET 0 keeps the planner from writing one step into the next, which repeats what is calculated once.",),
)
SQLITE = Dialect(
    "sqlite",
    "SQLite",
    "sqlite",
    _for_sqlite,
    "CAST(NULLIF({x}, '') AS REAL)",
    "NULLIF(CAST({x} AS TEXT) COLLATE BINARY, '')",
    "TEXT",
    proved=True,
    ieee=True,
    floor="CASE WHEN ABS({x}) < {whole} THEN CAST({x} AS INTEGER) - ({x} < CAST({x} AS INTEGER)) ELSE {x} END",
    least="MIN",
    greatest="MAX",
    most_columns=2000,
    most_name=100_000,
    cte="AS MATERIALIZED",
    null_number="CAST(NULL AS REAL)",
    notes=(
        "Needs SQLite 3.35 or later with its mathematical functions (EXP, LN).",
        "Columns of numbers hold numbers: SQLite reads other texts in them as 0.",
    ),
)
SPARK = Dialect(
    "spark",
    "Apache Spark",
    "spark",
    lambda value: f"{_exponent(value)}D",
    "NULLIF(CAST({x} AS DOUBLE), CAST('NaN' AS DOUBLE))",
    "NULLIF(CAST({x} AS STRING), '')",
    "STRING",
    proved=True,
    ieee=True,
    floor="CASE WHEN ABS({x}) < {whole} THEN CAST(FLOOR({x}) AS DOUBLE) ELSE {x} END",
    most_columns=20_000,
    most_name=100_000,
    matches="{x} RLIKE {pattern}",
    ending="\\z",
    integer="INT",
    listed=_in_array,
)
SNOWFLAKE = Dialect(
    "snowflake",
    "Snowflake",
    "snowflake",
    lambda value: f"{_exponent(value)}::FLOAT",
    "NULLIF(CAST({x} AS FLOAT), 'NaN'::FLOAT)",
    "NULLIF(COLLATE(CAST({x} AS VARCHAR), 'utf8'), '')",
    "VARCHAR",
    most_columns=20_000,
    most_bytes=1_000_000,
    case_blind=False,
    most_name=255,
    matches="REGEXP_LIKE({x}, {pattern})",
    ending="",
    null_number="CAST(NULL AS FLOAT)",
)
BIGQUERY = Dialect(
    "bigquery",
    "BigQuery",
    "bigquery",
    _shortest,
    "CASE WHEN NOT IS_NAN(CAST({x} AS FLOAT64)) THEN CAST({x} AS FLOAT64) END",
    "NULLIF(COLLATE(CAST({x} AS STRING), ''), '')",
    "STRING",
    most_columns=10_000,
    most_bytes=1_000_000,
    refused='!"$()*,./;?@[\\]^`{}~\n\r\t',
    most_name=300,
    matches="REGEXP_CONTAINS({x}, {pattern})",
    ending="\\z",
    integer="INT64",
    null_number="CAST(NULL AS FLOAT64)",
)
ORACLE = Dialect(
    "oracle",
    "Oracle Database",
    "oracle",
    lambda value: f"{_shortest(value)}d",
    "NANVL(CAST({x} AS BINARY_DOUBLE), NULL)",
    "{x}",
    "VARCHAR2(4000)",
    ieee=True,
    most_list=999,
    case_blind=False,
    refused='"\x00',
    most_name=128,
    name_bytes=True,
    select="SELECT /*+ NO_MERGE */",
    compared="{x} COLLATE BINARY",
    matches="REGEXP_LIKE({x}, {pattern})",
    null_number="CAST(NULL AS BINARY_DOUBLE)",
    notes=(
        "NO_MERGE keeps the optimizer from writing one step into the next.",
        "Columns of text are VARCHAR2: CHAR is filled with blanks, which are part of a category. Needs 12.2 or later.",
    ),
)
TSQL = Dialect(
    "tsql",
    "Microsoft SQL Server",
    "tsql",
    _exponent,
    "CAST({x} AS FLOAT)",
    "CASE WHEN DATALENGTH({x}) > 0 THEN CAST({x} AS NVARCHAR(4000)) END",
    "NVARCHAR(4000)",
    logarithm="LOG",
    least="",
    greatest="",
    case_depth=9,
    most_columns=4096,
    most_tokens=65_535,
    cte="AS",
    join="+",
    text_prefix="N",
    compared=f"{{x}} COLLATE {_BIN2}",
    sentinel=".",
    length="(DATALENGTH({x}) / 2)",
    part="SUBSTRING({x}, {start}, {length})",
    integer="INT",
    null_number="CAST(NULL AS FLOAT)",
    part_table="{into}",
    notes=("Texts beyond 4,000 characters are cut, so they match no category.",),
)
TERADATA = Dialect(
    "teradata",
    "Teradata",
    "teradata",
    _exponent,
    "CAST({x} AS FLOAT)",
    "NULLIF(CAST({x} AS VARCHAR(4000) CHARACTER SET UNICODE CASESPECIFIC), '')",
    "VARCHAR(4000) CHARACTER SET UNICODE CASESPECIFIC",
    most_columns=2048,
    most_bytes=1_000_000,
    refused="\x00\x1a",
    compared="{x}",
    sentinel=".",
    length="CHARACTER_LENGTH({x})",
    matches="REGEXP_SIMILAR({x}, {pattern}) = 1",
    null_number="CAST(NULL AS FLOAT)",
    part_table="CREATE TABLE {name} AS (\n{query}\n) WITH DATA NO PRIMARY INDEX",
)
DIALECTS = {one.key: one for one in (DUCKDB, POSTGRES, SQLITE, SPARK, SNOWFLAKE, BIGQUERY, ORACLE, TSQL, TERADATA)}
"""Every dialect by its key."""
