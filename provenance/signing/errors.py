from __future__ import annotations


class SigningError(ValueError):
    """Something is not a signature of this payload by this key, or cannot be read as one. The message says which."""
