from __future__ import annotations

from django.apps import AppConfig


class LabelConfig(AppConfig):
    name = "label"
