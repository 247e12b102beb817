"""Whether a request broke for want of memory, as torch says it on GPUs and on CPUs."""

import torch

_WORDS = ("out of memory", "not enough memory", "can't allocate memory", "STATUS_ALLOC_FAILED")


def ran_out(error: BaseException) -> bool:
    """torch has a class of its own for it on a GPU only; elsewhere, and where a library within asks for the memory,
    the words tell.
    """
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _WORDS)
