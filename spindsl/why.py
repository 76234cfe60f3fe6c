"""Why pieces are lacking: what differs from the most similar ones that are stored of the same stage."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .graph import Graph
from .store import Made, Store, made


@dataclass(frozen=True)
class Account:
    """What pieces are made of, flat: hashes of code and files, values of parameters, keys of what is needed."""

    code: Mapping[str, str]
    files: Mapping[str, str]
    params: Mapping[str, str]
    needs: Mapping[str, str]
    meant: str  # hash of the code with what its names mean

    @classmethod
    def of(cls, made_of: Mapping[str, Any], code: Mapping[str, str]) -> Account:
        known = {k: made_of.get(k) for k in ("params", "seed", "part_params", "part")}
        needs = {n: json.dumps(v, sort_keys=True) for n, v in dict(made_of["needs"]).items()}
        return cls(code, dict(made_of["files"]), dict(flat(known)), needs, str(made_of["code"]))


def flat(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Values within parameters by their path, as JSON."""
    if isinstance(value, Mapping) and value:
        for key, one in value.items():
            inner = key if path in ("", "params", "part_params") else f"{path}.{key}"
            yield from flat(one, inner)
    else:
        yield path, json.dumps(value, sort_keys=True, default=list)


def differences(now: Account, then: Account) -> list[str]:
    """What differs, a line each."""
    lines = []
    for what, new, old in (("code", now.code, then.code), ("data file", now.files, then.files)):
        for name in sorted({*new, *old}):
            if new.get(name) != old.get(name):
                verb = "is new" if name not in old else "is gone" if name not in new else "has changed"
                lines.append(f"{what} {name} {verb}")
    for name in sorted({*now.params, *then.params}):
        if now.params.get(name) != then.params.get(name):
            old, new = (short(v.params.get(name, "absent")) for v in (then, now))
            lines.append(f"parameter {name}: {old} → {new}")
    if not any(line.startswith("code") for line in lines) and now.meant != then.meant:
        lines.append("code: a name stands for another definition than before")
    needs = [n for n in sorted({*now.needs, *then.needs}) if now.needs.get(n) != then.needs.get(n)]
    return lines + [f"it needs {name}, which is another" for name in needs]


def short(text: str) -> str:
    """A value that fits on a line."""
    return text if len(text) <= 60 else f"{text[:57]}…"


def stored(store: Store, stage: str) -> list[Account]:
    """Accounts of all stored pieces of a stage."""
    found, codes = [], {}
    for path in store.whys(stage):
        of = json.loads(path.read_text(encoding="utf-8"))["of"]
        if of["code"] not in codes:
            file = store.root / ".code" / f"{of['code']}.json"
            codes[of["code"]] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        found.append(Account.of(of, codes[of["code"]]))
    return found


def reasons(graph: Graph, store: Store) -> dict[str, list[str]]:
    """By stage, why pieces are lacking: what differs from the most similar ones that are stored."""
    found: dict[str, dict[str, None]] = {}
    known: dict[str, list[Account]] = {}
    for node, parts in made(graph).items():
        stage = graph.nodes[node].stage.name
        known.setdefault(stage, stored(store, stage))
        for one in parts.values():
            if not store.blocks(stage, one.key):
                found.setdefault(stage, {}).update(dict.fromkeys(because(one, known[stage])))
    return {stage: list(lines) for stage, lines in found.items()}


def because(one: Made, known: list[Account]) -> list[str]:
    """What differs from the most similar account."""
    now = Account.of(json.loads(json.dumps(one.of, default=list)), one.code.code)
    several = [differences(now, then) for then in known]
    return min(several, key=len) if several else ["nothing of this stage is stored, or it was stored without a reason"]
