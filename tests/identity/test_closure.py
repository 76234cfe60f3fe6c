"""What changes a key and what does not, each rule on a package made for it."""

import ast
import textwrap
from pathlib import Path

import pytest

from spindsl import identity
from spindsl.identity.modules import parsed

ROOT = Path(__file__).parents[2]

MAIN = """
    import numpy as np
    from functools import singledispatch
    from probe import other
    from .other import helper as help_me, Shape

    SCALE = 2.0
    TABLE = {"one": 1, "two": 2}

    @singledispatch
    def verb(x):
        raise TypeError("no verb for " + str(x))

    @verb.register
    def _(x: int, more=3):
        return x + more

    def run(task, **inputs):
        \"\"\"Docstring.\"\"\"
        from .third import deep
        shape = Shape(3)
        text = f"{shape.size:.2f} and {SCALE}"
        return help_me(SCALE) + verb(1) + deep(other.CONSTANT, hint="read this") + TABLE["one"] + len(text)

    def apart():
        return 5
"""
OTHER = """
    from abc import ABC
    from dataclasses import dataclass, field

    CONSTANT = 7

    def helper(x):
        if x < 0:
            raise ValueError(f"{x} is below 0")
        return -x

    @dataclass(frozen=True)
    class Shape:
        width: int
        height: int = 4

        @property
        def size(self):
            return self.width * self.height

        def unused(self):
            return 1

        def __len__(self):
            return self.width
"""
THIRD = """
    from numba import njit

    @njit(fastmath=True)
    def deep(x, y=1.0, hint=""):
        return inner(x) * y

    def inner(x):
        return x + 1
"""


def files(main=MAIN, other=OTHER, third=THIRD, **more):
    given = {"main": main, "other": other, "third": third, **more}
    return {name: textwrap.dedent(text) for name, text in given.items()}


@pytest.fixture
def key(package):
    return lambda *args, **more: package(files(*args, **more)).key


@pytest.mark.parametrize(("old", "new"), [
    ("SCALE = 2.0", "SCALE = 2.5"), ('"one": 1', '"one": 3'), ("more=3", "more=4"), ("return x + more", "return x"),
    ("x: int", "x: object"), ("len(text)", "len(text) + 0"), (":.2f", ":.3f"), ('TABLE["one"]', 'TABLE["two"]'),
    ("Shape(3)", "Shape(height=3)"), ("@verb.register", "@verb.register(float)"),
])  # fmt: skip
def test_what_is_computed_counts(key, old, new):
    assert old in MAIN
    assert key(MAIN.replace(old, new)) != key()


@pytest.mark.parametrize(("old", "new"), [
    ("CONSTANT = 7", "CONSTANT = 8"), ("return -x", "return x"), ("height: int = 4", "height: int = 5"),
    ("self.width * self.height", "self.width + self.height"), ("return self.width\n", "return 1\n"),
    ("frozen=True", "frozen=True, order=True"), ("if x < 0", "if x <= 0"),
])  # fmt: skip
def test_what_is_reached_in_another_file_counts(key, old, new):
    assert old in OTHER
    assert key(other=OTHER.replace(old, new)) != key()


@pytest.mark.parametrize(("old", "new"), [
    ("fastmath=True", "fastmath=False"), ("y=1.0", "y=2.0"), ("return x + 1", "return x - 1"), ("(fastmath=True)", ""),
])  # fmt: skip
def test_what_an_import_within_reaches_counts(key, old, new):
    assert old in THIRD
    assert key(third=THIRD.replace(old, new)) != key()


@pytest.mark.parametrize(("old", "new"), [
    ("Docstring", "Another"), ("return 5", "return 6"), ('"no verb for "', '"nothing for "'), ("read this", "or that"),
    ("SCALE = 2.0", "SCALE = 2.0  # comment"),
    ("import numpy as np", "import numpy as np, math"),
    ("SCALE = 2.0", "SCALE = (2.00)"),
    ("helper as help_me, Shape", "Shape\n    from .other import helper as help_me"),
])  # fmt: skip
def test_what_people_alone_read_does_not(key, old, new):
    assert old in MAIN
    assert key(MAIN.replace(old, new)) == key()


@pytest.mark.parametrize(("old", "new"), [
    ('ValueError(f"{x} is below 0")', 'OSError("below")'), ("return 1\n", "return 2\n"),
])  # fmt: skip
def test_a_raise_and_an_unused_method_do_not(key, old, new):
    assert old in OTHER
    assert key(other=OTHER.replace(old, new)) == key()


def test_where_a_definition_stands_does_not_count(key):
    """Moved to another file, imported under another name, reached through a module."""
    helper = OTHER[OTHER.index("    def helper") : OTHER.index("    @dataclass")]
    less = OTHER.replace(helper, "")
    moved = MAIN.replace(
        "from .other import helper as help_me, Shape",
        "from .home import helper as help_me\n    from .other import Shape",
    )
    assert key(moved, less, home=helper) == key()
    through = MAIN.replace("import helper as help_me, Shape", "import Shape").replace("help_me(", "other.helper(")
    assert key(through) == key()
    passed_on = MAIN.replace(
        "from .other import helper as help_me, Shape", "from .home import *\n    from .home import help_me"
    )
    assert key(passed_on, home="from .other import helper as help_me, Shape\n") == key()


def test_which_of_two_twins_is_meant_counts(key):
    """Both are reached; a third function asks the one or the other."""
    twins = {"left": "def told():\n    return 1\n", "right": "def told():\n    return 2\n"}
    body = (
        "from . import left, right\nfrom .{} import told\n\ndef run(task):\n    return left.told, right.told, told()\n"
    )
    assert key(body.format("left"), **twins) != key(body.format("right"), **twins)


def test_a_registration_elsewhere_counts_for_types_that_are_reached(key):
    """In a file that nothing imports by name: of a type in use, not of another."""
    used = "from .main import verb\nfrom .other import Shape\n\n@verb.register(Shape)\ndef _(x):\n    return {}\n"
    assert key(more=used.format(1)) != key(more=used.format(2))
    unused = "from .main import verb\n\nclass Mine:\n    a = 1\n\n@verb.register(Mine)\ndef _(x):\n    return {}\n"
    assert key(more=unused.format(1)) == key(more=unused.format(2))
    called = (
        "from .main import verb\nfrom .other import Shape\n\ndef mine(x):\n"
        "    return {}\n\nverb.register(Shape, mine)\n"
    )
    assert key(more=called.format(1)) != key(more=called.format(2))
    overload = (
        "from numba.extending import overload\nfrom .main import verb\n\n@overload(verb)\ndef _(x):\n    return {}\n"
    )
    assert key(more=overload.format(1)) != key(more=overload.format(2))


def test_a_table_that_is_filled_elsewhere_counts(key):
    filled = "from .main import TABLE\n\nTABLE['three'] = {}\n"
    assert key(more=filled.format(1)) != key(more=filled.format(2))
    decorated = (
        'KEPT = {}\n\ndef keep(f):\n    KEPT[f.__name__] = f\n    return f\n\ndef run(task):\n    return KEPT["a"]()\n'
    )
    use = "from .main import keep\n\n@keep\ndef a():\n    return {}\n"
    assert key(decorated, more=use.format(1)) != key(decorated, more=use.format(2))


def test_subclasses_of_an_abstract_class_count(key):
    base = "from abc import ABC, abstractmethod\n\nclass Way(ABC):\n    @abstractmethod\n    def go(self): ...\n"
    main = "from .base import Way\n\ndef run(task):\n    return [w().go() for w in Way.__subclasses__()]\n"
    sub = (
        "from .base import Way\n\nclass Fast(Way):\n    def go(self):\n"
        "        return {}\n\n    def rest(self):\n        return 0\n"
    )
    one, two = (key(main, base=base, sub=sub.format(k)) for k in (1, 2))
    assert one != two
    assert key(main, base=base, sub=sub.format(1).replace("return 0", "return 9")) == one


def test_of_words_those_count_whose_kind_is_named(package):
    base = "from abc import ABC\nfrom typing import Literal\n\nclass Way(ABC):\n    pass\n"
    main = "from .base import Way\n\ndef run(task):\n    return [w().go() for w in Way.__subclasses__()]\n"
    sub = (
        "from typing import Literal\nfrom .base import Way\n\nclass {0}(Way):\n"
        "    kind: Literal['{1}']\n\n    def go(self):\n        return {2}\n"
    )

    def key(fast, slow):
        more = {"base": base, "a": sub.format("Fast", "fast", fast), "b": sub.format("Slow", "slow", slow)}
        return package({"main": main, **more}, {"way": {"kind": "fast"}}).key

    assert key(1, 1) != key(2, 1)
    assert key(1, 1) == key(1, 2)


def test_a_rule_named_by_a_text_counts(package):
    """Until dictionaries say them: "module:name" in the parameters, with what is asked of its module."""
    main = "from importlib import import_module\n\ndef run(task):\n    return import_module('probe.rule').grow()\n"
    rule = "class Rule:\n    a = {}\n\ndef grow():\n    return {}\n\ndef other():\n    return {}\n"

    def key(*values):
        return package({"main": main, "rule": rule.format(*values)}, {"rule": "probe.rule:Rule"}).key

    assert len({key(0, 0, 0), key(1, 0, 0), key(0, 1, 0)}) == 3
    assert key(0, 0, 1) == key(0, 0, 0)


def test_a_class_that_code_outside_calls_counts_with_all_its_methods(key):
    main = (
        "import threading\n\nclass Work(threading.Thread):\n    def go(self):\n"
        "        return {}\n\ndef run(task):\n    return Work()\n"
    )
    assert key(main.format(1)) != key(main.format(2))


def test_validators_and_fields_count(key):
    main = """
        from typing import Annotated
        from pydantic import AfterValidator, BaseModel, Field, field_validator

        def twice(x):
            return 2 * x

        class Way(BaseModel):
            a: Annotated[int, AfterValidator(twice)] = Field(default=1, description="a number")

            @field_validator("a")
            def _odd(cls, value):
                return value + 3

        def run(task):
            return Way().a
    """
    plain = key(main)
    for old, new in (("2 * x", "4 * x"), ("default=1", "default=2"), ("value + 3", "value + 5")):
        assert key(main.replace(old, new)) != plain
    assert key(main.replace("a number", "any number")) == plain


def test_what_is_computed_is_a_fault(package):
    main = (
        "from importlib import import_module\n\ndef run(task, name='a'):\n"
        "    getattr(task, 'a')\n    getattr(task, name)\n    import_module(name)\n"
        "    eval(name)\n    return globals()[name]\n"
    )
    faults = package({"main": main}).faults["probe.main:run"]
    assert {call for _, call in faults} == {"getattr", "import_module", "eval", "globals"}


def test_a_function_of_a_function_is_known_by_the_one_around_it(package):
    main = "def make(k):\n    def run(task):\n        return k\n    return run\n\nrun = make(1)\n"
    assert package({"main": main}).key != package({"main": main.replace("return k", "return -k")}).key


def test_the_keys_load_nothing_heavy_and_take_little(graph):
    """A bound far above what it takes (0.2 s): a walk that grows with the square of something would pass it."""
    import time

    nodes = graph("analysis", "interpretation").stages.values()
    began = time.process_time()
    for stage in nodes:
        identity.closure(stage.run, (stage.params, stage.parts))
    assert time.process_time() - began < 10


def test_flags_of_the_compiler_count_for_every_kernel():
    """Of all that numba compiles: `fastmath` turned on or off changes the text that keys are made of, and no other."""
    turned = 0
    for file in sorted((ROOT / "spindsl").rglob("*.py")):
        source = file.read_text()
        tree = ast.parse(source)
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef):
                continue
            for place, flags in enumerate(node.decorator_list):
                called = isinstance(flags, ast.Call)
                if ast.unparse(flags.func if called else flags) not in ("njit", "jit"):
                    continue
                given = flags.keywords if called else []
                kept = [k for k in given if k.arg != "fastmath"]
                more = [] if len(kept) < len(given) else [ast.keyword("fastmath", ast.Constant(True))]
                node.decorator_list[place] = ast.Call(ast.Name("njit"), [], kept + more)
                one, other = (parsed("m", "m", text.encode()).definitions for text in (source, ast.unparse(tree)))
                assert [a.name for a, b in zip(one, other, strict=True) if a.text != b.text] == [node.name]
                node.decorator_list[place] = flags
                turned += 1
    assert turned >= 90
