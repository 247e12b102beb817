"""Stand-ins for packages that audiocraft imports and that a current torch has no build of.

Only what is missing is stood in for; a package that is installed is never touched. Import audiocraft after `install()`.
"""

import importlib
import importlib.util
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

PACKAGES = ("spacy", "torchaudio", "xformers")


def install() -> tuple[str, ...]:
    """Make `import audiocraft` possible. Returns the packages that were stood in for, now or earlier."""
    _ask_transformers()
    stood_in = []
    for package in PACKAGES:
        if _is_ours(package) or not _is_installed(package):
            stood_in.append(package)
            if not _is_ours(package):
                _enter(package)
    return tuple(stood_in)


def _ask_transformers() -> None:
    """Let transformers see what is installed, which it remembers, before there are stand-ins to be taken for it."""
    if importlib.util.find_spec("transformers") is None:
        return
    utils = importlib.import_module("transformers.utils")
    for package in PACKAGES:
        ask = getattr(utils, f"is_{package}_available", None)
        if ask is not None:
            ask()


def _is_ours(package: str) -> bool:
    return getattr(sys.modules.get(package), "__deadwax_stand_in__", False)


def _is_installed(package: str) -> bool:
    return package in sys.modules or importlib.util.find_spec(package) is not None


def _enter(package: str) -> None:
    part = importlib.import_module(f"{__name__}.{package}_parts")
    modules: dict[str, dict[str, object]] = part.modules()
    for name in sorted(modules):  # a package before its parts
        module = ModuleType(name, f"Deadwax's stand-in for {name}.")
        module.__spec__ = ModuleSpec(name, loader=None, is_package=name in _parents(modules))
        vars(module).update(modules[name], __deadwax_stand_in__=True, __path__=[])
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)


def _parents(modules: dict[str, dict[str, object]]) -> set[str]:
    return {name.rpartition(".")[0] for name in modules}
