"""Where compiled code is kept, and what it is valid for.

numba looks at the file of the function that it calls, not at the files of what was compiled into it. So the folder is
named by a hash of all kernels and of the packages that bring words by an entry point; and each index of numba's carries
a hash of all other packages that have registered something on a verb of ours. That one is taken when code is looked for
or kept, not before: a package may register its rule long after the kernels were loaded.
"""

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType

from ..identity.packages import OURS, bringing, sources

HERE = Path(__file__).parent
KERNELS = __name__.rpartition(".")[0]


def keep() -> None:
    """Tell numba where to keep compiled code, unless the user has said so, and how to know that it is stale."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(home) / "spindsl" / "kernels" / fingerprint()))
    os.environ.setdefault("NUMBA_CACHE_LOCATOR_CLASSES", f"{KERNELS}.located.Locator")
    if numba := sys.modules.get("numba"):  # which has read its environment already
        numba.config.reload_config()


def fingerprint() -> str:
    """Hash of the sources of all kernels, and of packages that bring words by an entry point: 16 hex digits."""
    return hashed([*sorted(HERE.rglob("*.py")), *files(bringing() - {OURS})])[:16]


def files(packages: Iterable[str]) -> list[Path]:
    """The sources of packages."""
    return [path for package in sorted(packages) for _, path in sorted(sources(package).items())]


def hashed(paths: Iterable[Path]) -> str:
    """Hash of the contents of files and of their names."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def registered() -> Iterator[FunctionType | type]:
    """What other packages have registered on the verbs of kernels: functions, and the types that they are for."""
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and (name == KERNELS or name.startswith(f"{KERNELS}.")):
            for verb in list(vars(module).values()):
                for type_, function in dict(getattr(verb, "registry", None) or {}).items():
                    yield from (v for v in (type_, function) if foreign(v.__module__))
    yield from (f for f in overloads() if foreign(f.__module__))


def overloads() -> Iterator[FunctionType]:
    """What is compiled in the place of verbs of kernels, by numba's `overload`."""
    from numba.core.typing.templates import builtin_registry

    for verb, form in builtin_registry.globals:
        if str(getattr(verb, "__module__", "")).startswith(KERNELS):
            for template in getattr(form, "templates", ()):
                yield from filter(None, [getattr(template, "_overload_func", None)])


def foreign(module: str) -> bool:
    """Whether a module is neither ours nor built in."""
    return module.partition(".")[0] not in (OURS, "builtins")


def outside() -> str:
    """Hash of all packages that have registered something on a verb of kernels; "" if none has."""
    found = list(dict.fromkeys(registered()))
    code = [v.__code__ for v in found if isinstance(v, FunctionType)]
    packages = frozenset(v.__module__.partition(".")[0] for v in found)
    return content(packages, tuple((c.co_code, repr(c.co_consts)) for c in code)) if found else ""


@cache
def content(packages: frozenset[str], code: tuple[tuple[bytes, str], ...]) -> str:
    """Hash of the sources of packages, and of code that has none, such as that of a notebook."""
    lacking = repr(code) if not all(sources(p) for p in packages) else ""
    return hashlib.sha256((hashed(files(packages)) + lacking).encode()).hexdigest()
