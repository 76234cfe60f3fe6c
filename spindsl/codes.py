"""What each code of a mistake means. Codes are stable: never renumbered, never given another meaning."""

from textwrap import dedent


def code(title: str, text: str) -> tuple[str, str]:
    """Title and explanation."""
    return title, dedent(text).strip() + "\n"


CODES = {
    "E100": code("the file is not TOML", """
        The text cannot be read, so nothing in it was checked. The place is where
        reading stopped; the mistake is there or just before it. Text needs quotes,
        numbers group their digits with _, and an inline table stays on one line:

            kind = spin-glass         # wrong
            kind = "spin-glass"
            relax = 100_000.0
        """),
    "E101": code("unknown key", """
        No such key exists in this table. Nothing is ignored, since a misspelt key would
        silently leave a default in place. Where a required key is missing that
        resembles it, both are reported as this one mistake. A sweep can only change
        what could stand in the file; a number counts the elements of an array from 0:

            [system]
            kind = "spin-glass"
            spin = 256                # spins = 256
            [[sweep]]
            product = { "dynamics.betta" = [1.0, 2.0] }      # "dynamics.beta"
            zip = { "bottleneck.vae.hidden.0" = [100, 200] } # the first layer
        """),
    "E102": code("missing key or table", """
        Keys that decide the physics have no default and are always written. The place
        is the table that lacks the key:

            [dynamics]
            kind = "arrhenius"
            barrier = 4.5             # beta is missing
        """),
    "E103": code("wrong type", """
        Nothing is converted: 256.0 is no integer, "3" is no number, and one value is no
        array of one. An integer will do where a number is wanted.

            spins = "256"             # spins = 256
            hidden = 200              # hidden = [200]
            [expect]                  # [[expect]]
        """),
    "E104": code("unknown kind or value", """
        The value is none of those listed. `kind` says which word a table is, and so
        which keys it takes; the other keys of the table are checked once it is known.

            kind = "spinglass"        # kind = "spin-glass"
            order = "cyclic"          # order = "periodic"
        """),
    "E105": code("a value out of bounds", """
        The number is too small or too large, or the text or array too short or too
        long, whatever the rest of the file says. See E203 for bounds that depend on
        other keys.

            beta = -3.0               # an inverse temperature is greater than 0
            hidden = []               # at least one layer
        """),
    "E106": code("not finite", """
        TOML has nan and inf, but no quantity of an experiment may be either.

            barrier = inf             # any finite height
        """),
    "E107": code("a name given twice", """
        A key or table stands twice in the file, a list repeats a name that must be
        unique, or a bottleneck has the name of an observable, so that `of` would mean
        either. A parameter is swept once, in a product each value once.

            beta = 2.0
            beta = 3.0                # drop one
            names = ["A", "B", "A"]
            product = { "dynamics.beta" = [1.0, 2.0, 1.0] }
        """),
    "E108": code("text of the wrong form", """
        The text has to follow a pattern, as a dotted path does:

            of = "score"              # of = "analysis.drive.score"
        """),
    "E109": code("a name of the wrong form", """
        The name of a bottleneck, an analysis or an observable becomes a group of the
        result and part of dotted paths: a letter, then letters, digits, _ or -, at most
        64 in all. The keys of a sweep are dotted paths of parameters, in quotes, since
        without them TOML makes tables in tables. seed can be swept, and what lies in
        system, dynamics, protocol, split, bottleneck or analysis:

            [bottleneck."2d"]         # [bottleneck.vae-2d]
            product = { beta = [2.0, 3.0] }     # { "dynamics.beta" = [2.0, 3.0] }
            product = { dynamics.beta = [2.0] } # { "dynamics.beta" = [2.0] }
        """),
    "E110": code("a key in the wrong table", """
        The key exists, but elsewhere. In TOML a key belongs to the last [table] above
        it, so keys of the whole file come first. Bottlenecks and analyses each have a
        name:

            [system]
            kind = "spin-glass"
            seed = 1                  # move it above [system]
            [bottleneck]              # [bottleneck.vae]
        """),
    "E111": code("a change that cannot be made", """
        --set takes a dotted path and a value in TOML; a number in the path counts the
        elements of an array from 0. Text keeps its own quotes, which the shell must not
        eat:

            --set dynamics.beta=2.0
            --set 'analysis.drive.of="power"'
            --set expect.0.min=0.9
        """),
    "E112": code("another version of the language", """
        `spindsl = 1` is the version of the language that the file is written in, not of
        the program. There is one version so far; a file with a higher one needs a newer
        spindsl.
        """),
    "E201": code("keys that do not go together", """
        Each key is right by itself, but not with the others of the file:

            value = 0.5               # needs tolerance = 0.02
            [system]
            kind = "recorded"         # was driven already: no [dynamics], no [protocol]
        """),
    "E202": code("a field that is not declared", """
        A drive names a field that `fields.names` does not.

            fields = { names = ["A", "B"], kind = "normal", std = 3.0 }
            drives = { kind = "list", sets = { ab = ["A", "C"] } }   # C is none
        """),
    "E203": code("out of what the rest of the file allows", """
        The bound follows from other keys: a spin has at most N - 1 neighbours, a drive
        is made of declared fields, only a switch that is applied can be recorded. In a
        sweep it has to hold at every point; the place is that of the value that breaks
        it, and where several values break it together, all are named:

            spins = 10
            graph = { kind = "erdos-renyi", mean_degree = 12 }            # at most 9
            graph = { kind = "random-regular", neighbours = 3 }
            product = { "system.spins" = [10, 11] }       # 11 times 3 is not even
            zip = { "system.spins" = [10, 12], "dynamics.beta" = [1.0] }  # 2 beside 1
        """),
    "E204": code("no such bottleneck or observable", """
        `of` of an analysis is the name of a [bottleneck.NAME] of the file, or of a
        variable of the trajectory.

            [bottleneck.vae]
            [analysis.drive]
            of = "vea"                # of = "vae"
        """),
    "E205": code("nothing gives what is expected", """
        `of` of an expectation is a variable of the result, by its group and name with
        dots between; `where` selects by labels of its coordinates, those of a sweep
        included. A mean over realizations, quenched.…, has neither realizations nor
        trials.

            [analysis.drive]
            [[expect]]
            of = "analysis.drive.accuracy"      # of = "analysis.drive.score"
            where = { beta = 2.5 }              # one of those that are swept
        """),
    "E206": code("too large for this machine", """
        Results of stages are put together in memory, beside those that they need, and
        are stored on a disk. What takes more than this machine has left at the moment
        is refused before anything is computed; the message says which limit it is, and
        another machine may have more. All pairs of N spins are N (N - 1) / 2 edges:

            spins = 10_000_000
            graph = { kind = "complete" }      # 5e13 edges, 800,000 GB
            graph = { kind = "random-regular", neighbours = 6 }
        """),
    "E207": code("a question that has one answer", """
        A guess is between two classes or more. Where all trials have the same drive, or
        the same field at a switch that is looked at, there is nothing to tell apart:

            [[protocol.phases]]
            after = 4
            fields = ["A"]            # A is on at switch 5 and later
            [analysis.robust]
            kind = "robustness"       # also asks for the present field
            switches = [1, 2, 3, 4]   # look before that
        """),
    "E210": code("retired: a key that was reserved", """
        Versions before sweeps and realizations could be run refused them with this
        code. It is not given any more, and will not mean anything else.
        """),
    "E301": code("a data file that cannot be read", """
        The file is absent, truncated, or not of the format that `kind` says. It is
        looked for beside the experiment, or in --data DIR:

            reader = { kind = "netcdf", file = "recording.nc" }
        """),
    "E302": code("a data file that lacks a variable", """
        A variable is absent, or has other dimensions than the word needs. `variables`
        says how the file calls what we call spins and drive, by name, or in text by
        the number of the column from 1:

            variables = { spins = "sigma", drive = "label" }
            variables = { spins = "1-256", drive = 257 }
        """),
    "E303": code("data that are no spins", """
        Spins are +1 or -1 at every trial, time and spin; 0, 2 or a missing value is
        refused, not mended. Where the file has two other numbers, say which is which:

            values = { down = 0, up = 1 }
        """),
    "E304": code("labels that cannot be read", """
        Each trial needs a drive (and a group, where there are groups), as text or as a
        number. Names that are stored as bytes have to be in UTF-8, since no other
        encoding can be told from the bytes alone:

            drive = numpy.array(["Müller", "Özil"])          # text
            drive = numpy.char.decode(drive, "latin-1")      # from bytes
        """),
    "E305": code("labels that do not suffice", """
        Of each drive some trials are trained on and some are held out, so that a drive
        needs two at least, and a density more than it has features. Trials of one group
        stay together, so that each drive needs two groups. The message names the file,
        the drive and the number of its trials.
        """),
    "W201": code("a bottleneck that squeezes nothing", """
        There are as many latent variables as spins, or more.

            latent = 2                # far fewer than spins
        """),
    "W202": code("few trials for a density", """
        A density in as many dimensions as there are latent variables needs more trials
        of each drive than this, so scores will be noisy or too high. Take more trials,
        or fewer latent variables.
        """),
    "W203": code("a dwell shorter than the correlation time", """
        The spins hardly answer to one field before the next is switched on.

            dwell = 100.0             # s, beside the measured correlation time
        """),
    "W204": code("a relaxation shorter than the correlation time", """
        Trials start from a configuration that still remembers its random start.

            relax = 100_000.0         # s
        """),
    "W205": code("temperatures that miss the transition", """
        The temperatures lie on both sides of a transition whose place is known, and
        none is within a tenth of it, where curves have their peaks. On finite lattices
        peaks are near that place, not at it.
        """),
    "W206": code("clusters where couplings are frustrated", """
        Where not all pairs can be satisfied at once, clusters of satisfied pairs span
        the system long before spins order. Cluster moves remain right, but decorrelate
        no faster than single spins, at a higher price.

            [dynamics]
            kind = "parallel-tempering"
        """),
    "W207": code("a move that was not checked", """
        Whether a move suits an energy is read off the graph, and a graph of more than
        100,000 factors, or a file of more than 100 MB, is not drawn or read before the run.
        Should the move not suit it, the run says so when it comes to it. A small copy of the
        system, `--set system.spins=1000`, is checked at once.
        """),
    "W301": code("a data file that is not there", """
        The experiment is right, but cannot run until the file lies beside it or in
        --data DIR.
        """),
    "W302": code("a recording that was not checked", """
        Files of at most 100 MB are read by `check`, so that a value that is no spin or
        a drive of one trial is known at once. Larger ones are read when they are
        needed, and refused then if something is wrong in them.
        """),
}  # fmt: skip
