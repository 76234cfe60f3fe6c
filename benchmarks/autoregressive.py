"""Sampling of autoregressive networks: activations kept from site to site, against the network run anew a site.

    python -m benchmarks.autoregressive [--side 16] [--batch 1000] [--rounds 3] [--pixels 3]

Networks are those of Wu, Wang and Zhang, arXiv:1809.10606, with random weights: MADE of depth 3 and width 4, and
PixelCNN of depth 3, width 64 and half kernel 6. "Anew" is one evaluation of all conditionals of all configurations
a site by torch's own products and convolutions; of PixelCNN, `--pixels` evaluations are timed and multiplied by the
number of sites over theirs. One thread; both ways run in turn in one process. That both draw the same configurations,
bit for bit, is a test (tests/laws/test_autoregressive.py).
"""

import argparse
from statistics import median
from time import perf_counter

import torch

from spindsl.kernels.autoregressive.gru import Gru
from spindsl.kernels.autoregressive.made import Made
from spindsl.kernels.autoregressive.models import Model, evaluate, model, sample
from spindsl.kernels.autoregressive.pixelcnn import PixelCnn
from spindsl.kernels.unwrapping import raster

BAR = 50


def incremental(q: Model, batch: int) -> float:
    """Seconds to draw a batch."""
    begun = perf_counter()
    sample(q, batch, torch.Generator().manual_seed(1))
    return perf_counter() - begun


def anew(q: Model, batch: int, timed: int) -> float:
    """Seconds of one evaluation of the batch a site, from as many as are timed."""
    x = torch.randint(2, (batch, len(q.order)), dtype=torch.uint8)
    begun = perf_counter()
    for _ in range(timed):
        evaluate(q, x, batch)
    return (perf_counter() - begun) * len(q.order) / timed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=16)
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pixels", type=int, default=0, help="evaluations of PixelCNN timed; 0: leave it out")
    said = parser.parse_args()
    torch.set_num_threads(1)
    sides, sites = (said.side, said.side), said.side**2
    networks = {"made 3-4": (Made(sites, 2, 3, 4), sites), "gru 64": (Gru(sites, 2, 64), min(sites, 32))}
    if said.pixels:
        networks["pixelcnn 3-64-6"] = (PixelCnn(sides, 2, 3, 64, 6), said.pixels)
    for name, (shape, timed) in networks.items():
        q = model(shape, raster(sides), 1)
        incremental(q, 64)  # compile
        pairs = [(anew(q, said.batch, timed), incremental(q, said.batch)) for _ in range(said.rounds)]
        slow, fast = (median(times) for times in zip(*pairs))
        print(f"{name:16} anew {slow:9.2f} s   kept {fast:7.3f} s   ratio {median(a / b for a, b in pairs):6.1f}")
    print(f"bar >= {BAR} for made")


if __name__ == "__main__":
    main()
