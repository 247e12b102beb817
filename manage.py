#!/usr/bin/env python3
"""The one command: makes its own environment on a bare machine, then hands over to Django. Needs Python 3.11+ only."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this very file must still be readable by an older Python
    sys.exit(
        "Deadwax needs Python 3.11 or newer; this is Python %d.%d. Install a newer one and start "  # noqa: UP031
        "manage.py with it, for example: python3.12 manage.py up" % sys.version_info[:2]
    )

if __name__ == "__main__":
    from label import bootstrap

    bootstrap.main(sys.argv)
