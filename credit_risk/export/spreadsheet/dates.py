"""Dates as text (SPECIFICATION section 3.1) in formulas: spreadsheets' own dates begin in 1900 and read other forms."""

from __future__ import annotations

from collections.abc import Callable

from credit_risk.export.spreadsheet.formulas import Formula, compose

_DIGITS = "{1,2,3,4,6,7,9,10}"
_LENGTHS = "CHOOSE({},31,28+{},31,30,31,30,31,31,30,31,30,31)"


def date_formula(operation: str, text: Formula, bind: Callable[[Formula], Formula]) -> Formula:
    """The formula of a date operation of a text cell; parts of the date stand in cells of their own."""
    year, month, day = (
        bind(compose(f"IFERROR(VALUE(MID({{}},{a},{b})),0)", text)) for a, b in ((1, 4), (6, 2), (9, 2))
    )
    if operation == "date_year":
        return year
    if operation == "date_month":
        return month
    if operation == "date_day_of_month":
        return day
    leap = bind(compose("IF(OR(AND(MOD({},4)=0,MOD({},100)<>0),MOD({},400)=0),1,0)", year, year, year))
    if operation == "date_day":
        return _ordinal(year, month, day, leap, bind)
    length = bind(compose(f"IF(AND({{}}>=1,{{}}<=12),{_LENGTHS},0)", month, month, month, leap))
    if operation == "date_ends_month":
        return compose("{}={}", day, length)
    return _is_date(text, year, day, length, bind)


def _ordinal(year: Formula, month: Formula, day: Formula, leap: Formula, bind: Callable[[Formula], Formula]) -> Formula:
    """Number of the day from 0001-01-01, which is 1, in the Gregorian calendar."""
    before = bind(compose("365*({}-1)+INT(({}-1)/4)-INT(({}-1)/100)+INT(({}-1)/400)", year, year, year, year))
    months = bind(
        compose(
            "IF(AND({}>=1,{}<=12),CHOOSE({},0,31,59,90,120,151,181,212,243,273,304,334)+IF({}>2,{},0),0)",
            month, month, month, month, leap,
        )
    )  # fmt: skip
    return compose("({}+{}+{})", before, months, day)


def _is_date(
    text: Formula, year: Formula, day: Formula, length: Formula, bind: Callable[[Formula], Formula]
) -> Formula:
    padded = f'MID({{}}&"xxxxxxxxxx",{_DIGITS},1)'
    digits = bind(compose(f'SUMPRODUCT(--ISNUMBER(FIND({padded},"0123456789")))=8', text))
    marks = bind(compose('AND(EXACT(MID({},5,1),"-"),EXACT(MID({},8,1),"-"))', text, text))
    rest = bind(compose("MID({},11,LEN({}))", text, text))
    shape = rest
    for digit in range(1, 10):
        shape = compose(f'SUBSTITUTE({{}},"{digit}","0")', shape)
    shape = bind(shape)
    plus = 'OR(EXACT(RIGHT({},6),"+00:00"),EXACT(RIGHT({},6),"-00:00"))'
    zone = bind(compose(f'IF(EXACT(RIGHT({{}},1),"Z"),1,IF({plus},6,0))', shape, shape, shape))
    clock = bind(compose("LEFT({},LEN({})-{})", shape, shape, zone))
    head = bind(compose('OR(EXACT(LEFT({},6),"T00:00"),EXACT(LEFT({},6)," 00:00"))', clock, clock))
    fraction = 'AND(EXACT(LEFT({},1),"."),LEN({})>1,LEN(SUBSTITUTE(MID({},2,LEN({})),"0",""))=0)'
    tail = bind(compose("MID({},10,LEN({}))", clock, clock))
    seconds = compose(
        f'AND(EXACT(MID({{}},7,3),":00"),IFERROR(VALUE(MID({{}},8,2)),99)<=59,OR(LEN({{}})=0,{fraction}))',
        clock, rest, tail, tail, tail, tail, tail,
    )  # fmt: skip
    timed = bind(
        compose(
            "AND({},IFERROR(VALUE(MID({},2,2)),99)<=23,IFERROR(VALUE(MID({},5,2)),99)<=59,OR(LEN({})=6,{}))",
            head, rest, rest, clock, seconds,
        )
    )  # fmt: skip
    return compose(
        "AND({},{},{}>=1,{}>=1,{}<={},OR(LEN({})=0,{}))",
        digits, marks, year, day, day, length, rest, timed,
    )  # fmt: skip
