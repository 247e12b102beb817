"""The web process: `granian --interface asginl label.asgi:application`."""

from __future__ import annotations

import os
import warnings

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "label.settings")
os.environ.setdefault("DEADWAX_DATABASE_POOL", "1")
# Small static files are read whole under ASGI; WhiteNoise does that knowingly.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

application = get_asgi_application()
