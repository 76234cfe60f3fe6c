"""What the numbers say, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .estimates import Lead, times
from .markup import Html, joined, tag
from .reading import Curve, excess, known, lead, window

if TYPE_CHECKING:
    from ..result import Verdict

CLEAR = 2.0  # standard errors
FEW = 3  # realizations, of which intervals are wide
SMALL = 0.05  # a difference that two scores that match must not hide


def percent(share: float) -> str:
    """A fraction in per cent."""
    return f"{100 * share:.1f}".removesuffix(".0") + "\N{NO-BREAK SPACE}%"


def called(curve: Curve) -> Html:
    """A classification by its name and what it reads."""
    return joined([tag("b", curve.name), f" ({curve.reads})" if curve.reads else ""])


def listed(parts: list) -> Html:
    """a, b and c."""
    return joined([joined(parts[:-1], ", "), " and ", parts[-1]]) if len(parts) > 1 else joined(parts)


def verdict(curves: list[Curve]) -> Html:
    """One sentence: what tells the drives apart best at the end, against what else and chance."""
    ended = ranked(curves)
    if not ended:
        return Html("")
    best = ended[0]
    equals = [best, *(c for c in ended[1:] if not clear(best, c))]
    rest = [c for c in ended if c not in equals]
    names = listed([called(c) for c in equals])
    how = " equally well" if len(equals) == len(ended) else " best, alike within the error"
    apart = " tell the drives apart" + how if len(equals) > 1 else " tells the drives apart best" if rest else ""
    shares = listed([f"{percent(c.end)}{f' (median of {c.networks} fits)' if c.networks > 1 else ''}" for c in equals])
    tail = (
        joined([", against ", listed([joined([percent(c.end), " for ", tag("b", c.name)]) for c in rest])])
        if rest
        else ""
    )
    blind = f"; a blind guess is right in {percent(best.chance)}" if np.isfinite(best.chance) else ""
    own = " the trials it was fitted to" if best.fitted else " cases"
    when = window(curves)
    return joined([
        names, apart, ": right in " if apart else " is right in ", shares, " of", own,
        f" {'over switches' if '–' in when else 'at switch'} {when}", tail, blind, ".",
    ])  # fmt: skip


def uncertain(curves: list[Curve]) -> str:
    """What the errors speak of, and whether they are wide."""
    if not curves or curves[0].each is None:
        return "Standard errors are over trials of this one realization; they say nothing of another."
    count = len(curves[0].each)
    few = f" So few make wide intervals: {times(count):.1f} standard errors to either side." if count <= FEW else ""
    return f"Errors are over {count} realizations of the disorder, each a mean over its trials.{few}"


def clear(first: Curve, second: Curve) -> bool:
    """Whether the first is ahead at the end, by two paired standard errors or by intervals apart."""
    found = lead(first, second, last=True)
    if found is not None:
        return found.sigmas >= CLEAR
    return bool(first["low"][-1] > second["high"][-1])


def ranked(curves: list[Curve]) -> list[Curve]:
    """Those with a score at the end, best first; without those flattered by their own training trials."""
    ended = [c for c in curves if np.isfinite(c.end)]
    honest = [c for c in ended if not c.fitted]
    return honest or ended


def findings(curves: list[Curve], memoryless: float, expectations: Sequence[Verdict]) -> list[Html]:
    """Further sentences: margins, plain against trained, what needs no memory, the ceiling, the published."""
    ended = ranked(curves)
    told = [margin(ended), contest(ended), forgetful(ended, memoryless), silent(curves), ceiling(curves)]
    told += [fitted(curves, ended), published(expectations)]
    return [t for t in told if t]


def gap(found: Lead) -> str:
    """A paired difference: 0.013 ± 0.004, 3.2 standard errors."""
    if not found.se:
        return f"{found.mean:.3f} (none differs from another)"
    return f"{measure(abs(found.mean), found.se)}, {abs(found.sigmas):.1f} standard errors"


def measure(mean: float, se: float) -> str:
    """0.013 ± 0.004, on one line."""
    return f"{mean:.3f} ± {se:.3f}".replace("-", "−").replace(" ", "\N{NO-BREAK SPACE}")


def margin(ended: list[Curve]) -> Html:
    """How far the first is ahead of the second."""
    alike = len(ended) > 1 and ended[0].trained == ended[1].trained  # else the contest tells it
    found = lead(ended[0], ended[1], last=True) if alike else None
    if found is None:
        return Html("")
    first, second = tag("b", ended[0].name), tag("b", ended[1].name)
    if found.sigmas < CLEAR:
        said = [first, " and ", second, f" cannot be told apart at the end: {ended[0].by} they differ by "]
        return joined([*said, gap(found) if found.mean else "nothing", "."])
    return joined([first, " is ahead of ", second, f" by {gap(found)}, paired {ended[0].by}."])


def contest(ended: list[Curve]) -> Html:
    """Whether the best plain statistic matches or beats the best trained network."""
    plain = next((c for c in ended if c.plain), None)
    network = next((c for c in ended if c.trained), None)
    if plain is None or network is None:
        return Html("")
    found = {when: lead(plain, network, last) for when, last in (("at the end", True), ("before that", False))}
    said: dict[str, list[str]] = {}
    for when, one in found.items():
        if one is not None:
            said.setdefault(compared(one), []).append(f"{when} ({size(one)})")
    start = ["The best plain statistic, ", tag("b", plain.name), ", against the best trained network, "]
    told = listed([joined([f"{verb} it ", listed(times)]) for verb, times in said.items()])
    return joined([*start, tag("b", network.name), ": it ", told, "."]) if said else Html("")


def compared(found: Lead) -> str:
    """Plain against network, as a verb."""
    if abs(found.sigmas) < CLEAR:
        return "matches" if CLEAR * found.se <= SMALL else "cannot be told from"
    return "beats" if found.mean > 0 else "falls short of"


def size(found: Lead) -> str:
    """Of a difference, in brackets."""
    if not found.mean:
        return "no difference"
    return f"difference {measure(found.mean, found.se)}" if abs(found.sigmas) < CLEAR else f"by {gap(found)}"


def forgetful(ended: list[Curve], memoryless: float) -> Html:
    """Which features tell no more than the present field would."""
    level = memoryless if np.isfinite(memoryless) else ended[0].chance if ended else np.nan
    found = [(c, excess(c, level)) for c in ended]
    poor = [tag("b", c.name) for c, e in found if e is not None and e.mean < CLEAR * e.se]
    if not poor:
        return Html("")
    what = "the present field alone would" if np.isfinite(memoryless) else "a blind guess does"
    verb = "are" if len(poor) > 1 else "is"
    return joined(["At the end ", listed(poor), f" {verb} not seen to tell more than {what} ({percent(level)})."])


def silent(curves: list[Curve]) -> Html:
    """Which features end early."""
    early = [c for c in curves if not np.isfinite(c.end) and len(known(c))]
    told = [joined([tag("b", c.name), f" ({percent(at(c))} after switch {known(c)[-1]:g})"]) for c in early]
    return joined(["No score so late: ", listed(told), "."]) if told else Html("")


def at(curve: Curve) -> float:
    """The last score that there is."""
    return float(curve["score"][np.isfinite(curve["score"])][-1])


def ceiling(curves: list[Curve]) -> Html:
    """Whether anything does better than it can."""
    seen = [c for c in curves if np.isfinite(c["above_ceiling"]).any()]
    above = [c for c in seen if np.nanmax(c["above_ceiling"]) > 0]
    if not seen:
        return Html("")
    if not above:
        return Html("Nothing exceeds the Bayes ceiling, the best score that the fields so far allow.")
    told = []
    for c in above:
        at = c.switch[int(np.nanargmax(c["above_ceiling"]))]
        own = ", scored on the trials it was fitted to" if c.fitted else ""
        told.append(joined([tag("b", c.name), f" (by {np.nanmax(c['above_ceiling']):.3f} at switch {at:g}{own})"]))
    end = ": no unseen trial can be told so well, look for a leak." if any(not c.fitted for c in above) else "."
    return tag("span", "Above the Bayes ceiling, by its whole band: ", listed(told), end, class_="alarm")


def fitted(curves: list[Curve], ended: list[Curve]) -> Html:
    """Which scores are flattered by being those of the training trials."""
    own = [c for c in curves if c.fitted]
    if not own:
        return Html("")
    told = listed([joined([tag("b", c.name), f", {percent(c.end)} at the end"]) for c in own])
    verb = "is" if len(own) == 1 else "are"
    rest = " and left out of the comparison" if any(not c.fitted for c in ended) else ""
    return joined([told, f", {verb} scored on the very trials fitted to{rest}."])


def published(expectations: Sequence[Verdict]) -> Html:
    """How many of the expectations are met."""
    changed, expectations = len(expectations), [e for e in expectations if e.get("ok", False) is not None]
    if not expectations:
        return Html("The experiment was changed, so that its expectations are not judged." if changed else "")
    met = sum(bool(e.get("ok")) for e in expectations)
    if met == len(expectations):
        return Html("The expectation is met." if met == 1 else f"All {met} expectations are met.")
    return tag("span", f"{len(expectations) - met} of {len(expectations)} expectations missed.", class_="alarm")
