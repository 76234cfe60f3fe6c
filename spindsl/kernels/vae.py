"""Variational autoencoders with Bernoulli or normal visible units, many independent ones trained side by side.

Kingma and Welling, arXiv:1312.6114. Encoder x -> (mu, r), sigma = softplus(r); z = mu + sigma eps with
eps ~ N(0, 1); decoder z -> logits o. Maximised is, averaged over the batch,

    ELBO = sum_i [x_i o_i - softplus(o_i)] - w sum_k (mu_k^2 + sigma_k^2 - 1 - 2 ln sigma_k) / 2.

with normal visible units (`kernels/normal.py`) the first sum is their ln p(x|z). With eps = 0 and w = 0 it is the
deterministic autoencoder of the same layers, whose sigma nothing depends on.
Leading axis k: networks, which share nothing but the call. The gradient is written out, because
autograd's bookkeeping costs as much as the products of networks this small.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn.functional import softplus

from . import normal


@dataclass(frozen=True)
class Shape:
    """Layer sizes: visible - hidden… - latent - …hidden - visible; `real` visible units are normal."""

    visible: int
    hidden: tuple[int, ...]
    latent: int
    real: bool = False

    @property
    def layers(self) -> list[tuple[int, int]]:
        """(in, out) of each layer; the one in the middle gives mu and r."""
        down = [self.visible, *self.hidden]
        up = [self.latent, *reversed(self.hidden), self.visible]
        return [*pairwise(down), (down[-1], 2 * self.latent), *pairwise(up)]

    @property
    def parameters(self) -> int:
        return sum(i * o + o for i, o in self.layers) + self.visible * self.real

    @property
    def middle(self) -> int:
        return len(self.hidden)


def views(shape: Shape, flat: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Weights (k, in, out) and biases (k, 1, out) of each layer as views of flat (k, parameters)."""
    layers, at = [], 0
    for i, o in shape.layers:
        weight = flat[:, at : at + i * o].view(-1, i, o)
        bias = flat[:, at + i * o : at + i * o + o].unsqueeze(1)
        layers.append((weight, bias))
        at += i * o + o
    return layers


def raw(shape: Shape, flat: Tensor) -> Tensor | None:
    """What gives sigma of each feature, (k, 1, visible), the last of flat (k, parameters); None of two-valued ones."""
    return flat[:, -shape.visible :].unsqueeze(1) if shape.real else None


def glorot(shape: Shape, generators: list[torch.Generator]) -> Tensor:
    """Initial parameters (k, parameters): weights uniform in ±sqrt(6 / (in + out)), biases and raw sigmas 0."""
    flat = torch.zeros(len(generators), shape.parameters)
    for row, generator in zip(flat, generators):
        for weight, _ in views(shape, row[None]):
            _, i, o = weight.shape
            weight.uniform_(-((6 / (i + o)) ** 0.5), (6 / (i + o)) ** 0.5, generator=generator)
    return flat


def affine(x: Tensor, layer: tuple[Tensor, Tensor]) -> Tensor:
    weight, bias = layer
    if len(x) == 1:
        return torch.addmm(bias[0], x[0], weight[0])[None]
    return torch.baddbmm(bias, x, weight)


def product(a: Tensor, b: Tensor, out: Tensor | None = None) -> Tensor:
    if len(a) == 1:
        return torch.mm(a[0], b[0], out=None if out is None else out[0]).view(1, a.shape[1], b.shape[2])
    return torch.bmm(a, b, out=out)


def encode(shape: Shape, flat: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """Posterior mean and standard deviation, (k, n, latent), of configurations x (k, n, visible)."""
    layers = views(shape, flat)
    for layer in layers[: shape.middle]:
        x = affine(x, layer).relu_()
    code = affine(x, layers[shape.middle])
    return code[..., : shape.latent], softplus(code[..., shape.latent :])


def decode(shape: Shape, flat: Tensor, z: Tensor) -> Tensor:
    """Logits, or means, of the visible units, (k, n, visible), of latent points z (k, n, latent)."""
    *inner, last = views(shape, flat)[shape.middle + 1 :]
    for layer in inner:
        z = affine(z, layer).relu_()
    return affine(z, last)


def elbo(shape: Shape, flat: Tensor, x: Tensor, eps: Tensor, kl_weight: float = 1.0) -> Tensor:
    """ELBO of each configuration, (k, n), nats, with one draw eps (k, n, latent)."""
    mean, std = encode(shape, flat, x)
    output = decode(shape, flat, mean + std * eps)
    rough = raw(shape, flat)
    told = reconstruction(x, output) if rough is None else normal.likelihood(x, output, rough)
    return told - kl_weight * divergence(mean, std) if kl_weight else told


def reconstruction(x: Tensor, logits: Tensor) -> Tensor:
    """ln of the Bernoulli likelihood, sum_i x_i o_i - softplus(o_i)."""
    return (x * logits - softplus(logits)).sum(-1)


def divergence(mean: Tensor, std: Tensor) -> Tensor:
    """KL[N(mean, std^2) || N(0, 1)] summed over latent dimensions, nats."""
    return 0.5 * (mean * mean + std * std - 1 - 2 * std.log()).sum(-1)


def gradient(
    shape: Shape, layers: list[tuple[Tensor, Tensor]], grads: list[tuple[Tensor, Tensor]], x: Tensor, eps: Tensor,
    kl_weight: float, noise: tuple[Tensor, Tensor] | None = None,
) -> Tensor:  # fmt: skip
    """Write d(-ELBO averaged over the batch) into grads; return the batch sum of -ELBO, (k).

    `noise` holds the raw sigmas of real visible units and the place of their gradient.
    """
    scale, middle = 1.0 / x.shape[1], shape.middle
    inputs, h = [], x
    for layer in layers[:middle]:
        inputs.append(h)
        h = affine(h, layer).relu_()
    inputs.append(h)
    code = affine(h, layers[middle])
    mean, rough = code[..., : shape.latent], code[..., shape.latent :]
    std = softplus(rough)
    h = mean + std * eps
    for layer in layers[middle + 1 : -1]:
        inputs.append(h)
        h = affine(h, layer).relu_()
    inputs.append(h)
    logits = affine(h, layers[-1])
    loss = kl_weight * divergence(mean, std).sum(-1) if kl_weight else 0.0
    if noise is None:
        loss = loss - reconstruction(x, logits).sum(-1)
        d = torch.sigmoid_(logits).sub_(x).mul_(scale)
    else:
        loss = loss - normal.likelihood(x, logits, noise[0]).sum(-1)
        d, slope = normal.slopes(x, logits, noise[0], scale)
        noise[1].copy_(slope)
    for k in range(len(layers) - 1, middle, -1):
        d = backward(layers[k], grads[k], inputs[k], d, rectified=k > middle + 1)
    d_mean, d_std = d, d * eps
    if kl_weight:  # sigma may reach 0 without it
        d_mean, d_std = d_mean + (kl_weight * scale) * mean, d_std + (kl_weight * scale) * (std - 1 / std)
    d = torch.cat([d_mean, d_std * torch.sigmoid(rough)], -1)
    for k in range(middle, -1, -1):
        d = backward(layers[k], grads[k], inputs[k], d, rectified=k > 0, last=k == 0)
    return loss


def backward(
    layer: tuple[Tensor, Tensor], grad: tuple[Tensor, Tensor], h: Tensor, d: Tensor, rectified: bool, last: bool = False
) -> Tensor:
    """Through one layer: its gradients from input h and output gradient d; returns the input's gradient."""
    product(h.transpose(1, 2), d, out=grad[0])
    torch.sum(d, 1, keepdim=True, out=grad[1])
    if last:
        return d
    d = product(d, layer[0].transpose(1, 2))
    return torch.ops.aten.threshold_backward(d, h, 0) if rectified else d


def train(
    shape: Shape,
    x: Tensor,
    seeds: list[int],
    epochs: int,
    batch: int,
    rate: float,
    kl_weight: float,
    tick: Callable[[float], None],
    noisy: bool = True,
) -> tuple[Tensor, Tensor]:
    """Adam (rate, 0.9, 0.999, 1e-8) on configurations x (k, n, visible), on x's device: uint8 in {0, 1}, or
    standardised real features, float32.

    Each network draws its start, its batches and its noise from its own seed, so that it is the same
    network whatever is trained beside it; without noise eps is 0. Returns parameters (k, parameters) and
    the mean -ELBO of each epoch while training, (k, epochs), nats.
    """
    with torch.no_grad():
        generators = [torch.Generator().manual_seed(s) for s in seeds]
        flat = glorot(shape, generators).to(x.device).requires_grad_(False)
        flat.grad = torch.zeros_like(flat)
        adam = torch.optim.Adam([flat.requires_grad_(True)], lr=rate, fused=True)
        layers, grads = views(shape, flat), views(shape, flat.grad)
        sigma, slope = raw(shape, flat), raw(shape, flat.grad)
        noise = None if sigma is None or slope is None else (sigma, slope)
        k, n, visible = x.shape
        history = torch.zeros(k, epochs, device=x.device)
        for epoch in range(epochs):
            tick(epoch / epochs)
            order = torch.stack([torch.randperm(n, generator=g) for g in generators]).to(x.device)
            eps = torch.zeros(k, n, shape.latent)
            if noisy:
                eps = torch.stack([torch.randn(n, shape.latent, generator=g) for g in generators])
            eps = eps.to(x.device)
            shuffled = x.gather(1, order[..., None].expand(-1, -1, visible))
            for at in range(0, n, batch):
                chunk = shuffled[:, at : at + batch].float()
                history[:, epoch] += gradient(shape, layers, grads, chunk, eps[:, at : at + batch], kl_weight, noise)
                adam.step()
        return flat.detach(), history / n
