"""The pure core of release starts without Django, database drivers or array libraries."""

from __future__ import annotations

import subprocess
import sys

MODULES = (
    "artwork",
    "audiotags",
    "c2pa",
    "ddex",
    "demo_cover",
    "documents",
    "identifiers",
    "labels",
)


def test_importing_it_loads_no_django_and_nothing_heavy():
    program = (
        "import sys\n"
        + "".join(f"import release.{name}\n" for name in MODULES)
        + "heavy = {'django', 'rest_framework', 'celery', 'psycopg', 'torch', 'librosa', 'numba', 'scipy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
