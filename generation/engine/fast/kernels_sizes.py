"""Sizes that the kernels' launches follow from; known without Triton."""

SPLIT = 256
"""Attention is shared out over programs of so many positions, whatever the batch."""
BLOCK = 64
"""So many of them are read at a time."""
