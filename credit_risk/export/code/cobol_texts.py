"""Paragraphs in COBOL that printed code performs on texts: joining them, reading dates."""

from __future__ import annotations

DATE_STORAGE = """\
       01  DT-AREA.
           05  DT-LEN               PIC S9(9) COMP-5.
           05  DT-TEXT              PIC X(@SIZE@).
           05  DT-OK                PIC S9(4) COMP-5.
           05  DT-ENDS              PIC S9(4) COMP-5.
           05  DT-LEAP              PIC S9(4) COMP-5.
           05  DT-YEAR              PIC S9(9) COMP-5.
           05  DT-MONTH             PIC S9(9) COMP-5.
           05  DT-DOM               PIC S9(9) COMP-5.
           05  DT-DAY               PIC S9(9) COMP-5.
           05  DT-LAST              PIC S9(9) COMP-5.
           05  DT-AT                PIC S9(9) COMP-5.
           05  DT-PART              PIC S9(9) COMP-5.
           05  DT-REST              PIC S9(9) COMP-5.
           05  DT-REST-100          PIC S9(9) COMP-5.
           05  DT-REST-400          PIC S9(9) COMP-5.
           05  DT-QUOTIENT          PIC S9(9) COMP-5.
           05  DT-K                 PIC S9(9) COMP-5.
           05  DT-BEFORE            PIC S9(9) COMP-5.
"""
TEXT_STORAGE = """\
       01  TX-AREA.
           05  TX-LEN               PIC S9(9) COMP-5.
           05  TX-TEXT              PIC X(@SIZE@).
           05  TX-PART-LEN          PIC S9(9) COMP-5.
           05  TX-PART              PIC X(@SIZE@).
           05  TX-ROOM              PIC S9(9) COMP-5.
"""

TEXT_PARAGRAPHS: dict[str, str] = {
    "TX-APPEND": """
      *    Puts a text behind another; the length counts what does not
      *    fit too.
       TX-APPEND.
           COMPUTE TX-ROOM = @SIZE@ - TX-LEN.
           IF TX-ROOM > TX-PART-LEN
               MOVE TX-PART-LEN TO TX-ROOM
           END-IF.
           IF TX-ROOM > 0
               MOVE TX-PART (1:TX-ROOM) TO TX-TEXT (TX-LEN + 1:TX-ROOM)
           END-IF.
           ADD TX-PART-LEN TO TX-LEN.
""",
    "DT-READ": """
      *    The date that a text names (ISO 8601, years 0001 to 9999, a
      *    time of day after it passed over): DT-DAY counts from
      *    0001-01-01, which is 1. All 0 where it is none.
       DT-READ.
           MOVE 0 TO DT-OK DT-ENDS DT-YEAR DT-MONTH DT-DOM DT-DAY.
           IF DT-LEN >= 10 AND DT-LEN <= @SIZE@
               IF DT-TEXT (1:4) IS NUMERIC AND DT-TEXT (5:1) = "-"
                       AND DT-TEXT (6:2) IS NUMERIC
                       AND DT-TEXT (8:1) = "-"
                       AND DT-TEXT (9:2) IS NUMERIC
                   COMPUTE DT-YEAR = FUNCTION NUMVAL (DT-TEXT (1:4))
                   COMPUTE DT-MONTH = FUNCTION NUMVAL (DT-TEXT (6:2))
                   COMPUTE DT-DOM = FUNCTION NUMVAL (DT-TEXT (9:2))
                   IF DT-YEAR >= 1 AND DT-MONTH >= 1
                           AND DT-MONTH <= 12 AND DT-DOM >= 1
                       PERFORM DT-YEAR-IS-LEAP
                       MOVE DT-MONTH TO DT-K
                       PERFORM DT-LAST-OF-MONTH
                       IF DT-DOM <= DT-LAST
                           PERFORM DT-TIME
                       END-IF
                   END-IF
               END-IF
           END-IF.
           IF DT-OK = 1
               IF DT-DOM = DT-LAST
                   MOVE 1 TO DT-ENDS
               END-IF
               PERFORM DT-COUNT
           ELSE
               MOVE 0 TO DT-YEAR DT-MONTH DT-DOM
           END-IF.
""",
    "DT-YEAR-IS-LEAP": """
       DT-YEAR-IS-LEAP.
           DIVIDE DT-YEAR BY 4 GIVING DT-QUOTIENT REMAINDER DT-REST.
           DIVIDE DT-YEAR BY 100 GIVING DT-QUOTIENT
               REMAINDER DT-REST-100.
           DIVIDE DT-YEAR BY 400 GIVING DT-QUOTIENT
               REMAINDER DT-REST-400.
           MOVE 0 TO DT-LEAP.
           IF (DT-REST = 0 AND DT-REST-100 NOT = 0) OR DT-REST-400 = 0
               MOVE 1 TO DT-LEAP
           END-IF.
""",
    "DT-LAST-OF-MONTH": """
      *    The last day of month DT-K.
       DT-LAST-OF-MONTH.
           EVALUATE DT-K
               WHEN 2
                   COMPUTE DT-LAST = 28 + DT-LEAP
               WHEN 4
               WHEN 6
               WHEN 9
               WHEN 11
                   MOVE 30 TO DT-LAST
               WHEN OTHER
                   MOVE 31 TO DT-LAST
           END-EVALUATE.
""",
    "DT-COUNT": """
       DT-COUNT.
           MOVE DT-DOM TO DT-DAY.
           PERFORM VARYING DT-K FROM 1 BY 1 UNTIL DT-K >= DT-MONTH
               PERFORM DT-LAST-OF-MONTH
               ADD DT-LAST TO DT-DAY
           END-PERFORM.
           COMPUTE DT-BEFORE = DT-YEAR - 1.
           COMPUTE DT-DAY = DT-DAY + 365 * DT-BEFORE.
           DIVIDE DT-BEFORE BY 4 GIVING DT-QUOTIENT.
           ADD DT-QUOTIENT TO DT-DAY.
           DIVIDE DT-BEFORE BY 100 GIVING DT-QUOTIENT.
           SUBTRACT DT-QUOTIENT FROM DT-DAY.
           DIVIDE DT-BEFORE BY 400 GIVING DT-QUOTIENT.
           ADD DT-QUOTIENT TO DT-DAY.
""",
    "DT-TIME": """
      *    Whether what follows a day is nothing or a time of day:
      *    THH:MM, :SS, a fraction, Z or +HH:MM.
       DT-TIME.
           MOVE 11 TO DT-AT.
           IF DT-LEN = 10
               MOVE 1 TO DT-OK
           ELSE
               IF DT-LEN >= 16 AND DT-TEXT (14:1) = ":"
                       AND (DT-TEXT (11:1) = "T"
                       OR DT-TEXT (11:1) = " ")
                       AND DT-TEXT (12:2) IS NUMERIC
                       AND DT-TEXT (12:2) <= "23"
                       AND DT-TEXT (15:2) IS NUMERIC
                       AND DT-TEXT (15:2) <= "59"
                   MOVE 17 TO DT-AT
                   PERFORM DT-SECONDS
                   PERFORM DT-ZONE
                   IF DT-AT = DT-LEN + 1
                       MOVE 1 TO DT-OK
                   END-IF
               END-IF
           END-IF.
""",
    "DT-SECONDS": """
       DT-SECONDS.
           IF DT-LEN >= 19 AND DT-TEXT (17:1) = ":"
                   AND DT-TEXT (18:2) IS NUMERIC
                   AND DT-TEXT (18:2) <= "59"
               MOVE 20 TO DT-AT
               IF DT-LEN >= 21 AND DT-TEXT (20:1) = "."
                       AND DT-TEXT (21:1) IS NUMERIC
                   PERFORM VARYING DT-AT FROM 21 BY 1
                       UNTIL DT-AT > DT-LEN
                       OR DT-TEXT (DT-AT:1) IS NOT NUMERIC
                       CONTINUE
                   END-PERFORM
               END-IF
           END-IF.
""",
    "DT-ZONE": """
       DT-ZONE.
           IF DT-AT = DT-LEN AND DT-TEXT (DT-AT:1) = "Z"
               ADD 1 TO DT-AT
           ELSE
               IF DT-AT + 5 = DT-LEN
                   IF (DT-TEXT (DT-AT:1) = "+"
                           OR DT-TEXT (DT-AT:1) = "-")
                           AND DT-TEXT (DT-AT + 1:2) IS NUMERIC
                           AND DT-TEXT (DT-AT + 3:1) = ":"
                           AND DT-TEXT (DT-AT + 4:2) IS NUMERIC
                       ADD 6 TO DT-AT
                   END-IF
               END-IF
           END-IF.
""",
}
