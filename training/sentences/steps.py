"""A loss → a network that has learned: the steps, and what the losses of teacher and student are made of."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from training.sentences.network import Network, Numbers, half_precision, pad

Say = Callable[[str], None]
_PARTS = 6  # of a batch, alike in length, so that little is padded
_SAID_EVERY = 100  # steps


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps of AdamW (Loshchilov and Hutter 2019): the rate rises during the share `warm_up`, and falls to nothing."""

    name: str
    steps: int
    rate: float
    warm_up: float
    seed: int


def choose_device() -> torch.device:
    """A graphics card if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def descend(network: Network, find_loss: Callable[[], Tensor], plan: Plan, say: Say) -> None:
    """Take the steps, each down the loss of a batch."""
    started = time.monotonic()
    torch.manual_seed(plan.seed)
    network.train()
    learned = [weight for weight in network.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=plan.rate, weight_decay=0.01)
    for step in range(plan.steps):
        done = step / plan.steps
        for group in optimizer.param_groups:
            group["lr"] = plan.rate * min(1, (done + 0.002) / plan.warm_up) * (1 - done)
        loss = find_loss()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        if step % _SAID_EVERY == 0 or step == plan.steps - 1:
            seconds = time.monotonic() - started
            say(f"{plan.name}: step {step + 1:,} of {plan.steps:,}, loss {loss.item():.3f} ({seconds:.0f} s)")
    network.eval()


def read_groups(network: Network, groups: Sequence[Sequence[Numbers]], dropout: float) -> tuple[Tensor, ...]:
    """The unit vectors of each group of texts, all read together."""
    texts = [text for group in groups for text in group]
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    size = math.ceil(len(texts) / _PARTS)
    parts = []
    with half_precision(network.device):
        for start in range(0, len(order), size):
            numbers, lengths = pad([texts[i] for i in order[start : start + size]], network.device)
            parts.append(network(numbers, lengths, dropout))
    back = torch.empty(len(order), dtype=torch.long)
    back[torch.tensor(order)] = torch.arange(len(order))
    vectors = torch.cat(parts).float()[back.to(network.device)]
    return torch.split(vectors, [len(group) for group in groups])


def contrast(left: Tensor, right: Tensor, temperature: float) -> Tensor:
    """How hard it is to tell which row of the one belongs to which of the other: InfoNCE (van den Oord et al. 2018),
    both ways (Radford et al. 2021)."""
    scores = left @ right.T / temperature
    own = torch.arange(len(left), device=left.device)
    return (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own)) / 2


def apart(found: Tensor, wanted: Tensor) -> Tensor:
    """One less the mean cosine of the rows."""
    return (1 - (found * wanted).sum(1)).mean()


def unlike(found: Tensor, wanted: Tensor) -> Tensor:
    """How much the one half's similarities to the other differ from the wanted ones: Kullback and Leibler's divergence
    of their shares at temperature .05 (Hinton et al. 2015; of similarities: Fang et al. 2021, "SEED")."""
    half = len(found) // 2
    shares, own = ((rows[:half] @ rows[half : 2 * half].T / 0.05).log_softmax(1) for rows in (wanted, found))
    return (shares.exp() * (shares - own)).sum(1).mean()
