"""Every kind of the language has a tiny table; what is out of place is refused with a code, a line and a hint."""

from __future__ import annotations

import re

import pytest
from judging import judge, refused
from questions import ASKED, DRIVEN, READ, REFERENCES, STILL
from tables import COUPLINGS, DYNAMICS, GRAPHS, PROTOCOLS, RECORDED, SYSTEMS

from spindsl.spec import NOUNS, PARTS, words

EVERY = (*SYSTEMS, *RECORDED, *GRAPHS, *COUPLINGS, *DYNAMICS, *PROTOCOLS, *REFERENCES, *DRIVEN, *STILL, *READ, *ASKED)


@pytest.mark.parametrize("noun", (*NOUNS, *PARTS), ids=lambda n: n.__name__.lower())
def test_every_kind_has_a_tiny_table(noun):
    if noun.__name__ == "Reader":
        tiny = set(re.findall(r'reader = \{ kind = "(\S+)"', " ".join(c.text for c in RECORDED)))
    else:
        name = {"Topology": "graph"}.get(noun.__name__, noun.__name__.lower())
        tiny = {c.kind for c in EVERY if c.noun == name}
    assert set(words(noun)) == tiny - {"absent"}, "add a table to tests/covering/tables.py or questions.py"


def test_anything_with_anything(world):
    judge(refused(world, 2))


@pytest.mark.contract
def test_anything_with_anything_else(world):
    judge(refused(world, 3))
