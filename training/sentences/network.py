"""Numbers of pieces → unit vectors: the network of multilingual-e5-small (BERT's layers, Devlin et al. 2019), in torch.

Its vector of a text is the mean of what the last layer says of each piece (Wang et al. 2022, "Text Embeddings by
Weakly-Supervised Contrastive Pre-training").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from training.sentences.weights import Sizes

Numbers = list[int]  # a text, cut into pieces, between its two marks
Floats = NDArray[np.float32]


class Layer(nn.Module):
    """Attention over the text, then two matrices for each piece, each levelled after what came before is added."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width = sizes.width
        self.heads, self.head_width = sizes.heads, width // sizes.heads
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.joined = nn.Linear(width, width)
        self.level_joined = nn.LayerNorm(width, eps=sizes.epsilon)
        self.widen, self.narrow = nn.Linear(width, sizes.inner), nn.Linear(sizes.inner, width)
        self.level_narrow = nn.LayerNorm(width, eps=sizes.epsilon)

    def forward(self, pieces: Tensor, mask: Tensor | None, dropout: float) -> Tensor:
        """(texts, pieces, width) of the same."""

        def by_head(found: Tensor) -> Tensor:
            return found.view(found.shape[0], -1, self.heads, self.head_width).transpose(1, 2)

        query, key, value = by_head(self.query(pieces)), by_head(self.key(pieces)), by_head(self.value(pieces))
        if mask is None:  # one text without padding, written out: so it is exported
            weights = torch.softmax(query @ key.transpose(2, 3) * self.head_width**-0.5, -1)
            attended = weights @ value
        else:
            attended = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        said = self.joined(attended.transpose(1, 2).flatten(2))
        pieces = self.level_joined(pieces + F.dropout(said, dropout, self.training))
        said = self.narrow(F.gelu(self.widen(pieces)))
        found: Tensor = self.level_narrow(pieces + F.dropout(said, dropout, self.training))
        return found


class Network(nn.Module):
    """`count` pieces; what it begins with of each piece is never learned, so that it stays exact in 4 bit."""

    def __init__(self, count: int, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.words = nn.Embedding(count, sizes.width)
        self.words.weight.requires_grad_(False)
        self.positions = nn.Embedding(sizes.positions, sizes.width)
        self.kind = nn.Parameter(torch.zeros(sizes.width))
        self.begin = nn.LayerNorm(sizes.width, eps=sizes.epsilon)
        self.layers = nn.ModuleList(Layer(sizes) for _ in range(sizes.layers))

    def forward(self, numbers: Tensor, lengths: Tensor, dropout: float = 0.0) -> Tensor:
        """(texts, width) unit rows, of (texts, pieces) numbers of which the first `lengths` count."""
        longest = numbers.shape[1]
        real = torch.arange(longest, device=numbers.device)[None] < lengths[:, None]
        found = self.begin(self.words(numbers) + self.positions.weight[:longest][None] + self.kind)
        found = F.dropout(found, dropout, self.training)
        for layer in self.layers:
            found = layer(found, real[:, None, None, :], dropout)
        mean = (found.float() * real[:, :, None]).sum(1) / lengths[:, None]
        return F.normalize(mean, dim=1)

    @property
    def device(self) -> torch.device:
        return self.kind.device


def build_network(weights: Mapping[str, Tensor], sizes: Sizes, layers: int) -> Network:
    """A network of so many of the layers, evenly taken from the first to the last (Sanh et al. 2019, "DistilBERT")."""
    last = sizes.layers - 1
    taken = [0] if layers == 1 else [round(i * last / (layers - 1)) for i in range(layers)]
    state = {name: weight for name, weight in weights.items() if not name.startswith("layers.")}
    for to, origin in enumerate(taken):
        begins = f"layers.{origin}."
        state |= {
            f"layers.{to}.{name.removeprefix(begins)}": weight
            for name, weight in weights.items()
            if name.startswith(begins)
        }
    network = Network(len(weights["words.weight"]), replace(sizes, layers=layers))
    network.load_state_dict(state)
    return network


def pad(texts: Sequence[Numbers], device: torch.device) -> tuple[Tensor, Tensor]:
    """(texts, longest) numbers, and (texts,) lengths."""
    padded = torch.zeros(len(texts), max(map(len, texts)), dtype=torch.long)
    for row, text in enumerate(texts):
        padded[row, : len(text)] = torch.tensor(text)
    return padded.to(device), torch.tensor([len(text) for text in texts], device=device)


def half_precision(device: torch.device) -> torch.autocast:
    """bfloat16 where a graphics card has it; a processor without it would only become slower."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")


def embed(network: Network, texts: Sequence[Numbers]) -> Floats:
    """(n, width) float32, unit rows; row i embeds texts[i]. Without dropout; the network is left in that state."""
    network.eval()
    most = 60_000 if network.device.type == "cuda" else 8_000  # pieces at once: what fits its memory
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # alike in length: little padding
    found = np.zeros((len(texts), network.sizes.width), np.float32)
    start = 0
    while start < len(order):
        end = start + 1
        while end < len(order) and (end + 1 - start) * len(texts[order[end]]) <= most:
            end += 1
        rows = order[start:end]
        with torch.no_grad(), half_precision(network.device):
            vectors = network(*pad([texts[i] for i in rows], network.device))
        found[rows] = vectors.float().cpu().numpy()
        start = end
    return found
