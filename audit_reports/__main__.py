"""How is it run without its command? `python -m audit_reports` does what `audit-reports` does."""

import sys

from audit_reports.cli import main

if __name__ == "__main__":
    sys.exit(main())
