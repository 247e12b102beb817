"""The web process: `granian --interface asginl label.asgi:application`."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "label.settings")
os.environ.setdefault("DEADWAX_DATABASE_POOL", "1")
application = get_asgi_application()
