"""Which versions of Python and of libraries made a take. Looks them up without importing them."""

import platform
from importlib.metadata import PackageNotFoundError, version


def library_version(library: str, *, absent: str = "unknown") -> str:
    """The installed version of a package; `absent` where it is not installed."""
    try:
        return version(library)
    except PackageNotFoundError:
        return absent


def versions(libraries: tuple[str, ...]) -> dict[str, str]:
    """A take's facts `python_version` and `NAME_version` of each."""
    return {
        "python_version": platform.python_version(),
        **{f"{library}_version": library_version(library) for library in libraries},
    }
