"""Server-side pictures: one SVG for the page and the PDF. Text in, text out; pure.

Every picture has a title, a description and a table (`stripe_rows`, `lineage_rows`) that says the same in words.
No style attributes, no scripts, no outside references: they pass a strict content security policy.
"""

from provenance.lineage import lineage_rows
from provenance.pictures.curve import energy_curve
from provenance.pictures.legend import legend, legend_picture, swatch
from provenance.pictures.lineage import lineage_picture
from provenance.pictures.stripe import StripeRow, stripe, stripe_rows, tick_step_ms

__all__ = [
    "StripeRow",
    "energy_curve",
    "legend",
    "legend_picture",
    "lineage_picture",
    "lineage_rows",
    "stripe",
    "stripe_rows",
    "swatch",
    "tick_step_ms",
]
