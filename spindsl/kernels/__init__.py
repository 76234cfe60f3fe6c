"""Pure numeric functions: arrays in, arrays out. They know no files and no words.

The compiled code is cached on disk in a folder named by a hash of this package, because numba's own
cache does not notice an edit to a function that lives in another file.
"""

import hashlib
import os
from pathlib import Path

HERE = Path(__file__).parent


def fingerprint() -> str:
    """Hash of the sources of all kernels, 16 hex digits."""
    digest = hashlib.sha256()
    for source in sorted(HERE.rglob("*.py")):
        digest.update(str(source.relative_to(HERE)).encode() + source.read_bytes())
    return digest.hexdigest()[:16]


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "spindsl" / "kernels" / fingerprint()


os.environ.setdefault("NUMBA_CACHE_DIR", str(_cache()))
