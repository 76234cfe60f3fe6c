"""Pure numeric functions: arrays in, arrays out. They know no files and no words.

The compiled code is kept on disk where `compiled` says, because numba's own cache does not notice an edit to a function
that lives in another file.
"""

from . import compiled

compiled.keep()
