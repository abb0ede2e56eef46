"""Paragraphs in COBOL that printed code performs: arithmetic of doubles rounded as IEEE 754 asks, dates, reasons.

COMPUTE of GnuCOBOL calculates COMP-2 in decimals without loss and cuts the result to a double. The distance of the
exact value from the middle between that double and the next one is calculated the same way, so that its sign, which is
all that counts, is right.
"""

from __future__ import annotations

import re

from credit_risk.export.code.cobol_texts import TEXT_PARAGRAPHS

STORAGE = """\
       01  FP-AREA.
           05  FP-A                 COMP-2.
           05  FP-A-BITS REDEFINES FP-A PIC S9(18) COMP-5.
           05  FP-B                 COMP-2.
           05  FP-B-BITS REDEFINES FP-B PIC S9(18) COMP-5.
           05  FP-R                 COMP-2.
           05  FP-R-BITS REDEFINES FP-R PIC S9(18) COMP-5.
           05  FP-NEXT              COMP-2.
           05  FP-NEXT-BITS REDEFINES FP-NEXT PIC S9(18) COMP-5.
           05  FP-SIDE              COMP-2.
           05  FP-SIDE-BITS REDEFINES FP-SIDE PIC S9(18) COMP-5.
           05  FP-X                 COMP-2.
           05  FP-X-BITS REDEFINES FP-X PIC S9(18) COMP-5.
           05  FP-TERM              COMP-2.
           05  FP-SUM               COMP-2.
           05  FP-BITS              PIC S9(18) COMP-5.
           05  FP-KEY               PIC S9(18) COMP-5.
           05  FP-KEY-OF-A          PIC S9(18) COMP-5.
           05  FP-MAGNITUDE-A       PIC S9(18) COMP-5.
           05  FP-MAGNITUDE-B       PIC S9(18) COMP-5.
           05  FP-APART             PIC S9(18) COMP-5.
           05  FP-HALF              PIC S9(18) COMP-5.
           05  FP-ODD               PIC S9(18) COMP-5.
           05  FP-K                 PIC S9(9) COMP-5.
           05  FP-OVERFLOW          PIC S9(4) COMP-5.
           05  FP-SCALED            PIC S9(4) COMP-5.
           05  FP-NEGATIVE          PIC S9(4) COMP-5.
           05  FP-ONE               PIC S9(4) COMP-5 VALUE 1.
           05  IN-NULL              PIC S9(4) COMP-5.
      *    Bits of the signed zero, of infinity and of the greatest
      *    double.
           05  FP-SIGN-BIT PIC S9(18) COMP-5
               VALUE -9223372036854775808.
           05  FP-INFINITY PIC S9(18) COMP-5
               VALUE 9218868437227405312.
           05  FP-MINUS-INFINITY PIC S9(18) COMP-5
               VALUE -4503599627370496.
           05  FP-LARGEST PIC S9(18) COMP-5
               VALUE 9218868437227405311.
           05  FP-UNIT PIC S9(18) COMP-5
               VALUE 4607182418800017408.
      *    Powers of two as differences of bits: 2 ** 60, 2 ** 200,
      *    2 ** 1023; bits of 2 ** 52, from which all are whole; bits
      *    below which a double is subnormal.
           05  FP-FAR PIC S9(18) COMP-5
               VALUE 270215977642229760.
           05  FP-SCALE PIC S9(18) COMP-5
               VALUE 900719925474099200.
           05  FP-RANGE PIC S9(18) COMP-5
               VALUE 4607182418800017408.
           05  FP-WHOLE PIC S9(18) COMP-5
               VALUE 4841369599423283200.
           05  FP-SUBNORMAL PIC S9(18) COMP-5
               VALUE 4503599627370496.
      *    Bits of 1E-20, 709.782712893384, -745.2 and 1/sqrt(2 pi).
           05  FP-SMALL PIC S9(18) COMP-5
               VALUE 4307583784117748259.
           05  FP-EXP-MOST PIC S9(18) COMP-5
               VALUE 4649454530587146735.
           05  FP-EXP-LEAST PIC S9(18) COMP-5
               VALUE 4649766064339130778.
           05  FP-DENSITY-BITS PIC S9(18) COMP-5
               VALUE 4600858325139338833.
           05  FP-DENSITY REDEFINES FP-DENSITY-BITS COMP-2.
"""
PLACE_STORAGE = """\
       01  PL-AREA.
           05  PL-LOW               PIC S9(9) COMP-5.
           05  PL-HIGH              PIC S9(9) COMP-5.
           05  PL-MIDDLE            PIC S9(9) COMP-5.
"""
RANK_STORAGE = """\
       01  RK-AREA.
           05  RK-COUNT             PIC S9(9) COMP-5.
           05  RK-K                 PIC S9(9) COMP-5.
           05  RK-BEST              PIC S9(9) COMP-5.
           05  RK-ROWS OCCURS @COUNT@.
               10  RK-KEY           PIC S9(18) COMP-5.
               10  RK-USED          PIC S9(4) COMP-5.
"""
TREE_STORAGE = """\
       01  TR-AREA.
           05  TR-TREE              PIC S9(9) COMP-5.
           05  TR-AT                PIC S9(9) COMP-5.
           05  TR-FEATURE           PIC S9(9) COMP-5.
           05  TR-LOADED            PIC S9(4) COMP-5 VALUE 0.
"""

_PARAGRAPHS: dict[str, str] = {
    "READ-NUMBER": """
      *    An input as the bits of its double; IN-NULL becomes 1 where
      *    it is missing or no number.
       READ-NUMBER.
           IF FP-A-BITS < 0
               SUBTRACT FP-SIGN-BIT FROM FP-A-BITS GIVING FP-BITS
           ELSE
               MOVE FP-A-BITS TO FP-BITS
           END-IF.
           EVALUATE TRUE
               WHEN IN-NULL < 0 OR FP-BITS > FP-INFINITY
                   MOVE 1 TO IN-NULL
                   MOVE 0 TO FP-A-BITS
               WHEN FP-BITS = FP-INFINITY
                   MOVE 0 TO IN-NULL
                   MOVE 1 TO IN-INFINITE
                   MOVE 0 TO FP-A-BITS
               WHEN FP-BITS = 0
                   MOVE 0 TO IN-NULL
                   MOVE 0 TO FP-A-BITS
               WHEN OTHER
                   MOVE 0 TO IN-NULL
           END-EVALUATE.
""",
    "FP-TO-KEY": """
      *    An integer that is less where the double of FP-BITS is less.
       FP-TO-KEY.
           IF FP-BITS < 0
               SUBTRACT FP-BITS FROM FP-SIGN-BIT GIVING FP-KEY
           ELSE
               MOVE FP-BITS TO FP-KEY
           END-IF.
""",
    "FP-ADD": """
      *    A becomes A + B.
       FP-ADD.
           COMPUTE FP-R = FP-A + FP-B.
           IF FP-R-BITS = 0
               IF (FP-A-BITS > 0 AND FP-B-BITS > 0)
                       OR (FP-A-BITS < 0 AND FP-B-BITS < 0)
                   PERFORM FP-TOO-LARGE
               END-IF
           ELSE
               MOVE FP-R-BITS TO FP-NEXT-BITS
               ADD 1 TO FP-NEXT-BITS
               COMPUTE FP-SIDE = 2 * (FP-A + FP-B) - FP-R - FP-NEXT
               PERFORM FP-ROUND
           END-IF.
           MOVE FP-R-BITS TO FP-A-BITS.
""",
    "FP-SUBTRACT": """
      *    A becomes A - B.
       FP-SUBTRACT.
           IF FP-B-BITS NOT = 0
               ADD FP-SIGN-BIT TO FP-B-BITS
           END-IF.
           PERFORM FP-ADD.
""",
    "FP-MULTIPLY": """
      *    A becomes A * B.
       FP-MULTIPLY.
           COMPUTE FP-R = FP-A * FP-B.
           IF FP-R-BITS = 0
               IF FP-A-BITS NOT = 0 AND FP-B-BITS NOT = 0
                   PERFORM FP-MAGNITUDES
                   SUBTRACT FP-RANGE FROM FP-MAGNITUDE-A
                   SUBTRACT FP-RANGE FROM FP-MAGNITUDE-B
                   IF FP-MAGNITUDE-A + FP-MAGNITUDE-B > 0
                       PERFORM FP-TOO-LARGE
                   END-IF
               END-IF
           ELSE
               MOVE FP-R-BITS TO FP-NEXT-BITS
               ADD 1 TO FP-NEXT-BITS
               COMPUTE FP-SIDE = 2 * FP-A * FP-B - FP-R - FP-NEXT
               PERFORM FP-ROUND
           END-IF.
           MOVE FP-R-BITS TO FP-A-BITS.
""",
    "FP-DIVIDE": """
      *    A becomes A / B. Decimals of a quotient are cut, so that a
      *    small one is calculated 2 ** 200 times as large.
       FP-DIVIDE.
           MOVE 0 TO FP-SCALED.
           IF FP-B-BITS = 0
               MOVE 1 TO FP-OVERFLOW
               MOVE 0 TO FP-R-BITS
           ELSE
               PERFORM FP-MAGNITUDES
               IF FP-MAGNITUDE-B - FP-MAGNITUDE-A > FP-FAR
                       AND FP-MAGNITUDE-A > FP-SUBNORMAL
                   MOVE 1 TO FP-SCALED
                   IF FP-MAGNITUDE-A < FP-UNIT
                       ADD FP-SCALE TO FP-A-BITS
                   ELSE
                       SUBTRACT FP-SCALE FROM FP-B-BITS
                   END-IF
               END-IF
               COMPUTE FP-R = FP-A / FP-B
               IF FP-R-BITS = 0
                   IF FP-A-BITS NOT = 0
                           AND FP-MAGNITUDE-A > FP-MAGNITUDE-B
                       MOVE FP-B-BITS TO FP-X-BITS
                       PERFORM FP-TOO-LARGE
                   END-IF
               ELSE
                   MOVE FP-R-BITS TO FP-NEXT-BITS
                   ADD 1 TO FP-NEXT-BITS
                   IF FP-B-BITS > 0
                       COMPUTE FP-SIDE =
                           2 * FP-A - (FP-R + FP-NEXT) * FP-B
                   ELSE
                       COMPUTE FP-SIDE =
                           (FP-R + FP-NEXT) * FP-B - 2 * FP-A
                   END-IF
                   PERFORM FP-ROUND
                   PERFORM FP-SCALE-BACK
               END-IF
           END-IF.
           MOVE FP-R-BITS TO FP-A-BITS.
""",
    "FP-SCALE-BACK": """
       FP-SCALE-BACK.
           IF FP-SCALED = 1
               PERFORM FP-MAGNITUDE-OF-R
               IF FP-MAGNITUDE-A > FP-SCALE
                   SUBTRACT FP-SCALE FROM FP-R-BITS
               ELSE
                   MOVE 0 TO FP-R-BITS
               END-IF
           END-IF.
""",
    "FP-MAGNITUDE-OF-R": """
       FP-MAGNITUDE-OF-R.
           MOVE FP-R-BITS TO FP-MAGNITUDE-A.
           IF FP-MAGNITUDE-A < 0
               SUBTRACT FP-SIGN-BIT FROM FP-MAGNITUDE-A
           END-IF.
""",
    "FP-MAGNITUDES": """
      *    Bits of A and of B without their signs.
       FP-MAGNITUDES.
           MOVE FP-A-BITS TO FP-MAGNITUDE-A.
           IF FP-MAGNITUDE-A < 0
               SUBTRACT FP-SIGN-BIT FROM FP-MAGNITUDE-A
           END-IF.
           MOVE FP-B-BITS TO FP-MAGNITUDE-B.
           IF FP-MAGNITUDE-B < 0
               SUBTRACT FP-SIGN-BIT FROM FP-MAGNITUDE-B
           END-IF.
""",
    "FP-TOO-LARGE": """
      *    Beyond the greatest double: the greatest stands for it, and
      *    FP-OVERFLOW tells it.
       FP-TOO-LARGE.
           MOVE 1 TO FP-OVERFLOW.
           MOVE FP-LARGEST TO FP-R-BITS.
""",
    "FP-ROUND": """
      *    R is the exact value cut, NEXT the double beyond; SIDE is
      *    the exact value less the middle of both, twice. Of equals
      *    the even one.
       FP-ROUND.
           IF FP-SIDE-BITS = 0
               DIVIDE FP-R-BITS BY 2 GIVING FP-HALF REMAINDER FP-ODD
               IF FP-ODD NOT = 0
                   MOVE FP-NEXT-BITS TO FP-R-BITS
               END-IF
           ELSE
               IF (FP-SIDE-BITS > 0 AND FP-R-BITS > 0)
                       OR (FP-SIDE-BITS < 0 AND FP-R-BITS < 0)
                   IF FP-NEXT-BITS NOT = FP-INFINITY
                           AND FP-NEXT-BITS NOT = FP-MINUS-INFINITY
                       MOVE FP-NEXT-BITS TO FP-R-BITS
                   END-IF
               END-IF
           END-IF.
""",
    "FP-NEGATE": """
      *    A becomes -A.
       FP-NEGATE.
           IF FP-A-BITS < 0
               SUBTRACT FP-SIGN-BIT FROM FP-A-BITS
           ELSE
               IF FP-A-BITS > 0
                   ADD FP-SIGN-BIT TO FP-A-BITS
               END-IF
           END-IF.
""",
    "FP-ABSOLUTE": """
      *    A becomes A without its sign.
       FP-ABSOLUTE.
           IF FP-A-BITS < 0
               SUBTRACT FP-SIGN-BIT FROM FP-A-BITS
           END-IF.
""",
    "FP-KEYS": """
      *    Integers that are in the order of A and of B.
       FP-KEYS.
           MOVE FP-A-BITS TO FP-BITS.
           PERFORM FP-TO-KEY.
           MOVE FP-KEY TO FP-KEY-OF-A.
           MOVE FP-B-BITS TO FP-BITS.
           PERFORM FP-TO-KEY.
""",
    "FP-LEAST": """
      *    A becomes the lesser of A and B.
       FP-LEAST.
           PERFORM FP-KEYS.
           IF FP-KEY < FP-KEY-OF-A
               MOVE FP-B-BITS TO FP-A-BITS
           END-IF.
""",
    "FP-GREATEST": """
      *    A becomes the greater of A and B.
       FP-GREATEST.
           PERFORM FP-KEYS.
           IF FP-KEY > FP-KEY-OF-A
               MOVE FP-B-BITS TO FP-A-BITS
           END-IF.
""",
    "FP-FLOOR": """
      *    A becomes the greatest whole number that is at most A.
       FP-FLOOR.
           MOVE FP-A-BITS TO FP-B-BITS.
           PERFORM FP-MAGNITUDES.
           IF FP-MAGNITUDE-A < FP-SMALL
               IF FP-A-BITS < 0
                   MOVE -1 TO FP-A
               ELSE
                   MOVE 0 TO FP-A-BITS
               END-IF
           ELSE
               IF FP-MAGNITUDE-A < FP-WHOLE
                   COMPUTE FP-A = FUNCTION INTEGER (FP-A)
               END-IF
           END-IF.
""",
    "FP-HALF-AWAY": """
      *    A becomes the nearest whole number, of two the farther
      *    from zero.
       FP-HALF-AWAY.
           MOVE 0 TO FP-NEGATIVE.
           IF FP-A-BITS < 0
               MOVE 1 TO FP-NEGATIVE
               PERFORM FP-NEGATE
           END-IF.
           MOVE 0.5 TO FP-B.
           PERFORM FP-ADD.
           PERFORM FP-FLOOR.
           IF FP-NEGATIVE = 1
               PERFORM FP-NEGATE
           END-IF.
""",
    "FP-EXPONENTIAL": """
      *    A becomes e to the power of A.
       FP-EXPONENTIAL.
           MOVE FP-A-BITS TO FP-B-BITS.
           PERFORM FP-MAGNITUDES.
           EVALUATE TRUE
               WHEN FP-MAGNITUDE-A < FP-SMALL
                   MOVE 1 TO FP-A
               WHEN FP-A-BITS > FP-EXP-MOST
                   PERFORM FP-TOO-LARGE
                   MOVE FP-R-BITS TO FP-A-BITS
               WHEN FP-A-BITS < 0 AND FP-MAGNITUDE-A > FP-EXP-LEAST
                   MOVE 0 TO FP-A-BITS
               WHEN OTHER
                   COMPUTE FP-A = FUNCTION EXP (FP-A)
           END-EVALUATE.
""",
    "FP-LOGARITHM": """
      *    A becomes its natural logarithm.
       FP-LOGARITHM.
           IF FP-A-BITS > 0
               COMPUTE FP-A = FUNCTION LOG (FP-A)
           ELSE
               MOVE 1 TO FP-OVERFLOW
               MOVE 0 TO FP-A-BITS
           END-IF.
""",
    "FP-NORMAL": """
      *    A becomes the standard normal distribution function of A: a
      *    series of positive terms near zero, a continued fraction
      *    beyond 3 (Abramowitz and Stegun 26.2.11 and 26.2.14).
       FP-NORMAL.
           MOVE 0 TO FP-NEGATIVE.
           IF FP-A-BITS < 0
               MOVE 1 TO FP-NEGATIVE
               PERFORM FP-NEGATE
           END-IF.
           MOVE FP-A-BITS TO FP-X-BITS.
           EVALUATE TRUE
               WHEN FP-X-BITS < FP-SMALL
                   MOVE 0.5 TO FP-R
               WHEN FP-X > 38
                   MOVE 0 TO FP-R
               WHEN FP-X > 3
                   MOVE FP-X TO FP-SUM
                   PERFORM VARYING FP-K FROM 150 BY -1 UNTIL FP-K < 1
                       COMPUTE FP-SUM = FP-X + FP-K / FP-SUM
                   END-PERFORM
                   PERFORM FP-NORMAL-DENSITY
                   COMPUTE FP-R = FP-TERM / FP-SUM
               WHEN OTHER
                   MOVE FP-X TO FP-TERM
                   MOVE FP-X TO FP-SUM
                   PERFORM VARYING FP-K FROM 3 BY 2 UNTIL FP-K > 121
                       COMPUTE FP-TERM = FP-TERM * FP-X * FP-X / FP-K
                       COMPUTE FP-SUM = FP-SUM + FP-TERM
                   END-PERFORM
                   PERFORM FP-NORMAL-DENSITY
                   COMPUTE FP-R = 0.5 - FP-TERM * FP-SUM
           END-EVALUATE.
           IF FP-NEGATIVE = 1
               MOVE FP-R-BITS TO FP-A-BITS
           ELSE
               COMPUTE FP-A = 1 - FP-R
           END-IF.
""",
    "FP-NORMAL-DENSITY": """
       FP-NORMAL-DENSITY.
           COMPUTE FP-A = - FP-X * FP-X / 2.
           PERFORM FP-EXPONENTIAL.
           COMPUTE FP-TERM = FP-A * FP-DENSITY.
""",
    "RK-GREATEST": """
      *    RK-BEST is the greatest shortfall above 0 that is not used,
      *    of equals the first, and is used then; 0 where there is none.
       RK-GREATEST.
           MOVE 0 TO RK-BEST.
           PERFORM VARYING RK-K FROM 1 BY 1 UNTIL RK-K > RK-COUNT
               IF RK-USED (RK-K) = 0 AND RK-KEY (RK-K) > 0
                   IF RK-BEST = 0
                       MOVE RK-K TO RK-BEST
                   ELSE
                       IF RK-KEY (RK-K) > RK-KEY (RK-BEST)
                           MOVE RK-K TO RK-BEST
                       END-IF
                   END-IF
               END-IF
           END-PERFORM.
           IF RK-BEST > 0
               MOVE 1 TO RK-USED (RK-BEST)
           END-IF.
""",
    **TEXT_PARAGRAPHS,
}


def paragraphs(body: str) -> str:
    """The paragraphs that `body` performs, with those that they perform."""
    needed: dict[str, None] = {}
    left = [body]
    while left:
        names = re.findall(r"PERFORM ((?:FP|TX|DT|RK|READ)-[A-Z-]+)", left.pop())
        for name in names:
            if name not in needed and name in _PARAGRAPHS:
                needed[name] = None
                left.append(_PARAGRAPHS[name])
    return "".join(source for name, source in _PARAGRAPHS.items() if name in needed)
