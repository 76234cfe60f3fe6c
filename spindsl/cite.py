"""The papers behind the methods that an experiment uses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import __version__

if TYPE_CHECKING:
    from .experiment import Experiment

ITSELF = "spindsl"
TEXT = """\
@software{spindsl,
  author  = {{The spindsl developers}},
  title   = {{spindsl}: experiments on matter that learns, written as text},
  version = {VERSION},
}

@article{zhong2020,
  author  = {Zhong, Weishun and Gold, Jacob M. and Marzen, Sarah and England, Jeremy L. and
             Yunger Halpern, Nicole},
  title   = {Machine learning outperforms thermodynamics in measuring how well a many-body system
             learns a drive},
  journal = {Scientific Reports},
  volume  = {11},
  pages   = {9333},
  year    = {2021},
  doi     = {10.1038/s41598-021-88311-7},
  eprint  = {2004.03604},
  archiveprefix = {arXiv},
}

@misc{zhong2020learning,
  author  = {Zhong, Weishun and Gold, Jacob M. and Marzen, Sarah and England, Jeremy L. and
             Yunger Halpern, Nicole},
  title   = {Learning about learning by many-body systems},
  year    = {2020},
  eprint  = {2001.03623},
  archiveprefix = {arXiv},
}

@misc{gold2019,
  author  = {Gold, Jacob M. and England, Jeremy L.},
  title   = {Self-organized novelty detection in driven spin glasses},
  year    = {2019},
  eprint  = {1911.07216},
  archiveprefix = {arXiv},
}

@article{gillespie1977,
  author  = {Gillespie, Daniel T.},
  title   = {Exact stochastic simulation of coupled chemical reactions},
  journal = {The Journal of Physical Chemistry},
  volume  = {81},
  number  = {25},
  pages   = {2340--2361},
  year    = {1977},
  doi     = {10.1021/j100540a008},
}

@article{bortz1975,
  author  = {Bortz, A. B. and Kalos, M. H. and Lebowitz, J. L.},
  title   = {A new algorithm for {Monte Carlo} simulation of {Ising} spin systems},
  journal = {Journal of Computational Physics},
  volume  = {17},
  number  = {1},
  pages   = {10--18},
  year    = {1975},
  doi     = {10.1016/0021-9991(75)90060-1},
}

@misc{kingma2013,
  author  = {Kingma, Diederik P. and Welling, Max},
  title   = {Auto-encoding variational {Bayes}},
  year    = {2013},
  eprint  = {1312.6114},
  archiveprefix = {arXiv},
}

@misc{kingma2014adam,
  author  = {Kingma, Diederik P. and Ba, Jimmy},
  title   = {Adam: a method for stochastic optimization},
  year    = {2014},
  eprint  = {1412.6980},
  archiveprefix = {arXiv},
}

@inproceedings{glorot2010,
  author  = {Glorot, Xavier and Bengio, Yoshua},
  title   = {Understanding the difficulty of training deep feedforward neural networks},
  booktitle = {Proceedings of the Thirteenth International Conference on Artificial Intelligence
             and Statistics},
  series  = {Proceedings of Machine Learning Research},
  volume  = {9},
  pages   = {249--256},
  year    = {2010},
}

@article{pedregosa2011,
  author  = {Pedregosa, Fabian and others},
  title   = {Scikit-learn: machine learning in {Python}},
  journal = {Journal of Machine Learning Research},
  volume  = {12},
  pages   = {2825--2830},
  year    = {2011},
}

@inproceedings{salmon2011,
  author  = {Salmon, John K. and Moraes, Mark A. and Dror, Ron O. and Shaw, David E.},
  title   = {Parallel random numbers: as easy as 1, 2, 3},
  booktitle = {Proceedings of the International Conference for High Performance Computing,
             Networking, Storage and Analysis (SC11)},
  year    = {2011},
  doi     = {10.1145/2063384.2063405},
}

@article{wilson1927,
  author  = {Wilson, Edwin B.},
  title   = {Probable inference, the law of succession, and statistical inference},
  journal = {Journal of the American Statistical Association},
  volume  = {22},
  number  = {158},
  pages   = {209--212},
  year    = {1927},
  doi     = {10.1080/01621459.1927.10502953},
}
"""

BIBTEX: dict[str, str] = {
    entry.partition("{")[2].partition(",")[0]: entry
    for entry in TEXT.strip().replace("VERSION", __version__).split("\n\n")
}


def entries(experiment: Experiment) -> list[str]:
    """BibTeX of spindsl and of every method used, in the order of the file; KeyError for an unknown key."""
    used = [key for word in experiment.words().values() for key in word.cites]
    return [BIBTEX[key] for key in dict.fromkeys((ITSELF, *used))]


def bibliography(experiment: Experiment) -> str:
    """A .bib file of the methods that an experiment uses."""
    return "\n\n".join(entries(experiment)) + "\n"


def cited(resolved: Mapping[str, Any]) -> list[str]:
    """The same from an experiment as JSON values; spindsl alone where its words are not known here."""
    from pydantic import ValidationError

    from .experiment import model

    try:
        return entries(model().model_validate_json(json.dumps(resolved)))
    except ValidationError:
        return [BIBTEX[ITSELF]]
