"""`python -m docs_templates` is the command `credit-dossier`."""

from __future__ import annotations

import sys

from docs_templates.cli import main

sys.exit(main())
