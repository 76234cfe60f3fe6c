"""Which known word was meant."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

ENOUGH = 0.6


def alike(a: str, b: str) -> float:
    """Resemblance from 0 to 1; case, - and _ make no difference, the beginning of a word is enough."""
    a, b = (t.lower().replace("-", "_") for t in (a, b))
    ratio = SequenceMatcher(None, a, b).ratio()
    begins = min(len(a), len(b)) >= 3 and (a.startswith(b) or b.startswith(a))
    return max(ratio, ENOUGH) if begins else ratio


def nearest(word: str, known: Sequence[str]) -> str:
    """The known word that resembles most; empty where none does."""
    best = max(known, key=lambda k: alike(word, k), default="")
    return best if best and alike(word, best) >= ENOUGH else ""


def paired(unknown: Sequence[str], missing: Sequence[str]) -> dict[str, str]:
    """Unknown keys with the missing ones that they resemble, the closest first."""
    pairs = sorted(((alike(u, m), u, m) for u in unknown for m in missing), reverse=True)
    found: dict[str, str] = {}
    for score, key, meant in pairs:
        if score >= ENOUGH and key not in found and meant not in found.values():
            found[key] = meant
    return found
