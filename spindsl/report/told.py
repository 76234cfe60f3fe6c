"""What a sweep says, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .estimates import estimate, times
from .landscape import FIELD, Landscape
from .markup import Html, joined, tag
from .reading import Curve
from .slices import Place
from .verdict import CLEAR, FEW, called, clear, listed, percent, published, ranked

if TYPE_CHECKING:
    from ..result import Verdict

NAMED = 6  # points that are named one by one


def verdict(found: Landscape) -> Html:
    """One sentence: where the drives are told best, by what, and what does as well there."""
    if found.peak is None:
        return Html("")
    place, best = found.peak
    equals, where = leading(found), found.told(place, best.name)
    names = listed([called(c) for c in equals])
    start = [f"Of {len(found.curves)} points the drives are told apart best at ", tag("b", where), ", by ", names]
    if not where:
        start = [names, f" tells the drives apart best, at all {len(found.curves)} points alike"]
    alike = " alike within the error" if len(equals) > 1 else ""
    shares = listed([percent(c.end) for c in equals])
    own = " of the trials it was fitted to" if best.fitted else " of cases"
    blind = f"; a blind guess is right in {percent(best.chance)}" if np.isfinite(best.chance) else ""
    return joined([*start, alike, ": right in ", shares, own, "" if alike else interval(found, best), blind, "."])


def leading(found: Landscape) -> list[Curve]:
    """The best score of all, and those that do as well at its point, if it depends on the point."""
    if found.peak is None:
        return []
    place, best = found.peak
    rest = ranked(list(found.curves[place])) if found.told(place, best.name) else []
    return [best, *(c for c in rest if c is not best and not clear(best, c))]


def interval(found: Landscape, curve: Curve) -> str:
    """The 95 % interval of a score, cut to 0 and 1; where no realization differs it says so."""
    low, high = (min(max(bound, 0.0), 1.0) for bound in curve.reach)
    if not np.isfinite(curve.reach[0]):
        return ""
    if curve.each is not None and curve.reach[0] == curve.reach[1]:
        return f" (in each of {amount(found)} realizations)"
    return f" (95\N{NO-BREAK SPACE}% interval {percent(low)} to {percent(high)})"


def findings(found: Landscape, expectations: Sequence[Verdict]) -> list[Html]:
    """Further sentences: the others' best, network against plain, what needs no memory, how sure it is."""
    said = [
        alike(found),
        elsewhere(found),
        contest(found),
        forgetful(found),
        ceiling(found),
        published(expectations),
        sure(found),
    ]
    return [s for s in said if s]


def alike(found: Landscape) -> Html:
    """At how many other points the best analysis does not do clearly worse."""
    if found.peak is None or not found.told(found.peak[0], found.peak[1].name):
        return Html("")
    place, best = found.peak
    here = found.told(place, best.name)
    every = [(found.told(p, best.name), c) for p, c in found.apart(best.name).items()]
    same = [told for told, c in every if told != here and not worse(c, best)]
    where = f" ({'; '.join(same)})" if len(same) <= NAMED else ""
    if not same:
        return joined(["Everywhere else ", tag("b", best.name), f" does worse, by {CLEAR:g} standard errors or more."])
    many = f"At {len(same)} other point{'s' * (len(same) != 1)}{where} "
    return joined([many, tag("b", best.name), f" does as well, within {CLEAR:g} standard errors."])


def worse(curve: Curve, best: Curve) -> bool:
    """Whether a score is clearly lower: paired over the same glasses, else by intervals apart."""
    if curve.each is None or best.each is None:
        return not curve.reach[1] >= best.reach[0]
    apart = estimate(best.ends - curve.ends)
    return apart is None or apart.sigmas >= CLEAR


def elsewhere(found: Landscape) -> Html:
    """The best point of every other analysis."""
    above, parts = {c.name for c in leading(found)}, []
    for name in found.names:
        every = found.apart(name)
        if not every or name in above:
            continue
        place = max(every, key=lambda p: every[p].end)
        most, said = every[place].end, found.told(place, name)
        where = f"at {said}" if said else "everywhere alike"
        own = ", on the trials it was fitted to" if found.one(name).fitted else ""
        parts.append(joined([tag("b", name), f" {where} ({percent(most)}{own})"]))
    return joined(["Best of the others: ", listed(parts), "."]) if parts else Html("")


def contest(found: Landscape) -> Html:
    """At how many points the best network beats the best plain statistic, falls short, or cannot be told."""
    each = found.contests()
    if not each:
        return Html("")
    ahead = [p for p, (*_, d) in each.items() if d.sigmas >= CLEAR]
    behind = [p for p, (*_, d) in each.items() if d.sigmas <= -CLEAR]
    plain = sorted({c.name for _, c, _ in each.values()})
    network = sorted({c.name for c, *_ in each.values()})
    first = ""
    if len(behind) > len(ahead):
        first = (
            "A simple statistic beats the network: " if not ahead else "More often than not a simple statistic wins: "
        )
    names = [
        tag("b", " or ".join(network)),
        " against the best plain statistic (",
        listed([tag("b", n) for n in plain]),
    ]
    counts = [counted("ahead", ahead, found), counted("behind", behind, found)]
    rest = len(each) - len(ahead) - len(behind)
    counts += [f"not to be told from it at {rest}"] if rest else []
    return joined([
        first, *names, ") of each point: ", listed(counts), f", of {len(each)}. Counted are differences of ",
        f"{CLEAR:g} standard errors, {paired(found)}", luck(found, len(each)), ".",
    ])  # fmt: skip


def counted(verb: str, places: Sequence[Place], found: Landscape) -> str:
    """Ahead at 2 (beta 3, barrier 4.5; …)."""
    named = f" ({'; '.join(found.told(p) for p in places)})" if 0 < len(places) <= NAMED // 2 else ""
    return f"{verb} at {len(places) or 'none'}{named}"


def luck(found: Landscape, points: int) -> str:
    """How many points would pass by chance where nothing differs."""
    from scipy.stats import t

    count = amount(found)
    share = 2 * float(t.sf(CLEAR, count - 1 if count > 1 else 1e6))
    return (
        f"; were there no difference, {percent(round(share, 2))} of points ({share * points:.1f}) would pass by chance"
    )


def amount(found: Landscape) -> int:
    """How many realizations there are."""
    every = [len(c.each) if c.each is not None else 1 for some in found.curves.values() for c in some]
    return max(every, default=found.count)


def paired(found: Landscape) -> str:
    count = amount(found)
    return f"paired over {count} realizations" if count > 1 else "paired over the trials of one realization"


def forgetful(found: Landscape) -> Html:
    """Where nothing is learnt."""
    poor = found.forgetful(CLEAR)
    known = FIELD in found.nulls
    what = "the present field alone would tell" if known else "a blind guess does"
    if not poor:
        return Html(f"At every point some score is above what {what}, by {CLEAR:g} standard errors.")
    where = f": {'; '.join(found.told(p) for p in poor)}" if len(poor) <= NAMED else ""
    return Html(f"At {len(poor)} of {len(found.curves)} points nothing is seen to exceed what {what}{where}.")


def ceiling(found: Landscape) -> Html:
    """Whether anything does better than it can."""
    seen = [(p, c) for p, some in found.curves.items() for c in some if np.isfinite(c["above_ceiling"]).any()]
    above = [(p, c) for p, c in seen if np.nanmax(c["above_ceiling"]) > 0]
    if not seen:
        return Html("")
    if not above:
        return Html("Nothing exceeds the Bayes ceiling, the best score that the fields so far allow.")
    parts = [joined([tag("b", c.name), f" at {found.told(p)}"]) for p, c in above[:NAMED]]
    end = "" if all(c.fitted for _, c in above) else ": no unseen trial can be told so well, look for a leak"
    return tag("span", f"Above the Bayes ceiling at {len(above)} places: ", listed(parts), end, ".", class_="alarm")


def sure(found: Landscape) -> Html:
    """What the intervals speak of, and whether they are wide."""
    count, flattered = amount(found), "The highest of many scores is flattered by being the highest."
    if count == 1:
        return Html(f"One realization: errors are over its trials and say nothing of another. {flattered}")
    few = f" So few make wide intervals: {times(count):.1f} standard errors to either side." if count <= FEW else ""
    return Html(f"Errors are over {count} realizations of the disorder.{few} {flattered}")
