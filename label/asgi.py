"""The web process: `granian --interface asginl label.asgi:application`."""

from __future__ import annotations

import gc
import os
import warnings

from django.core.asgi import get_asgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "label.settings")
os.environ.setdefault("DEADWAX_DATABASE_POOL", "1")
# Small static files are read whole under ASGI; WhiteNoise does that knowingly.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

application = get_asgi_application()

_ = get_resolver().url_patterns  # imports every page now, so that no reader waits for it
# What stands now stays. Looking through it for garbage again and again costs some reader 0.1 s each time.
gc.collect()
gc.freeze()
