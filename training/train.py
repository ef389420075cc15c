"""Texts and teacher vectors → the trained rows of the table.

The sum of a text's rows is drawn to the teacher's vector of its English side, and to the other side of its pair against
the other pairs of the batch (InfoNCE, van den Oord et al. 2018). Texts without a pair are drawn to themselves: two
random halves of their words should meet (Gao et al. 2021 with words left out instead of dropout).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from index.embed.table import table_stems
from training.data import Data
from training.vocabulary import Coder, Vocabulary

Codes = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a training run; the defaults are those that paid (docs/builtin-embedder.md)."""

    dimension: int = 256
    stems: int = 30_000
    grams: int = 22_000
    passes: int = 8
    batch: int = 512
    rate: float = 0.01
    temperature: float = 0.07
    word_dropout: float = 0.15
    row_dropout: float = 0.2  # how often a word must do with its sound alone
    seed: int = 1


class Table(torch.nn.Module):
    """Rows of stems and of grams; a text is the sum of its words, a word its row plus the mean of its grams."""

    def __init__(self, rows: Tensor, coder: Coder) -> None:
        super().__init__()
        self.rows = torch.nn.Embedding(rows.shape[0], rows.shape[1], sparse=True, _weight=rows)
        lengths = [len(grams) for grams in coder.gram_rows]
        self._gram_flat = torch.tensor([row for grams in coder.gram_rows for row in grams])
        self._gram_start = torch.tensor(np.concatenate([[0], np.cumsum(lengths)]))
        self._row = torch.tensor(coder.table_row)

    def forward(self, texts: Sequence[Codes], row_dropout: float, random: torch.Generator | None) -> Tensor:
        """(len(texts), d) unit rows."""
        flat = torch.from_numpy(np.concatenate([text if len(text) else np.zeros(1, np.int32) for text in texts])).long()
        owner = torch.repeat_interleave(torch.arange(len(texts)), torch.tensor([max(len(text), 1) for text in texts]))
        distinct, inverse = torch.unique(flat, return_inverse=True)
        words = self._words(distinct, row_dropout, random)
        summed = torch.zeros(len(texts), words.shape[1]).index_add_(0, owner, words[inverse])
        return F.normalize(summed, dim=1)

    def _words(self, numbers: Tensor, row_dropout: float, random: torch.Generator | None) -> Tensor:
        starts, ends = self._gram_start[numbers], self._gram_start[numbers + 1]
        counts = ends - starts
        owner = torch.repeat_interleave(torch.arange(len(numbers)), counts)
        offset = torch.arange(int(counts.sum())) - torch.repeat_interleave(torch.cumsum(counts, 0) - counts, counts)
        grams = self.rows(self._gram_flat[starts[owner] + offset])
        by_sound = torch.zeros(len(numbers), grams.shape[1]).index_add_(0, owner, grams)
        by_sound = by_sound / counts.clamp(min=1)[:, None]
        rows = self._row[numbers]
        known = rows >= 0
        if row_dropout:
            known = known & (torch.rand(len(numbers), generator=random) >= row_dropout)
        return by_sound.index_add(0, torch.nonzero(known)[:, 0], self.rows(rows[known]))


def train(
    data: Data,
    vocabulary: Vocabulary,
    targets: dict[str, NDArray[np.float32]],
    options: Options,
    progress: Callable[[int, int, float], None] = lambda _done, _total, _loss: None,
) -> tuple[NDArray[np.float32], Coder]:
    """(rows, d) float32 of stems, then grams. `targets` are the teacher's unit vectors by English text."""
    torch.manual_seed(options.seed)
    random = np.random.default_rng(options.seed)
    torch_random = torch.Generator().manual_seed(options.seed)
    coder = Coder(vocabulary)
    pairs = [(coder.encode(en), coder.encode(ru), targets[en]) for en, ru in data.pairs]
    pairs = [pair for pair in pairs if pair[0] and pair[1]]
    entries = [
        (coder.encode(en), coder.encode(f"{en} {gloss}"), coder.encode(ru), targets[en])
        for en, ru, gloss in data.entries
    ]
    entries = [entry for entry in entries if entry[0] and entry[2]]
    terms = [(coder.encode(en), coder.encode(ru), targets[en]) for en, ru in data.terms]
    single = [(coder.encode(text), targets.get(text)) for text, _ in data.single]
    single = [item for item in single if len(item[0]) >= 4]
    names = [(coder.encode(text), target) for text, target in targets.items() if text.count(" ") < 2]
    names = [name for name in names if name[0]]
    table = Table(torch.from_numpy(_start(data, vocabulary, targets, options)), coder)
    optimizer = torch.optim.SparseAdam(list(table.parameters()), lr=options.rate)
    steps = options.passes * (len(pairs) // options.batch)

    def draw(items: Sequence[tuple], size: int) -> list[tuple]:  # type: ignore[type-arg]
        return [items[i] for i in random.integers(0, len(items), size)]

    def thin(codes: Sequence[int]) -> Codes:
        kept = np.array(codes, np.int32)
        mask = random.random(len(kept)) >= options.word_dropout
        return kept[mask] if mask.any() else kept

    def embed(*groups: Sequence[Codes]) -> tuple[Tensor, ...]:
        vectors = table([text for group in groups for text in group], options.row_dropout, torch_random)
        return torch.split(vectors, [len(group) for group in groups])

    def contrast(left: Tensor, right: Tensor) -> Tensor:
        scores = left @ right.T / options.temperature
        labels = torch.arange(len(left))
        return (F.cross_entropy(scores, labels) + F.cross_entropy(scores.T, labels)) / 2

    def near(found: Tensor, wanted: Sequence[NDArray[np.float32]]) -> Tensor:
        return (1 - (found * torch.from_numpy(np.stack(wanted))).sum(1)).mean()

    order = np.zeros(0, np.int64)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = options.rate * (1 - step / steps)
        if len(order) < options.batch:
            order = random.permutation(len(pairs))
        batch, order = [pairs[i] for i in order[: options.batch]], order[options.batch :]
        dictionary, concepts = draw(entries, options.batch), draw(terms, options.batch)
        alone, words = draw(single, options.batch), draw(names, options.batch)
        glossed = random.random(options.batch) < 0.5
        codes = [np.array(item[0], np.int32) for item in alone]
        splits = [random.random(len(code)) < 0.5 for code in codes]
        # one look-up for all texts of a step: most of their words are the same
        english, russian, heads, translations, names_en, names_ru, left, right, whole, single_words = embed(
            [thin(item[0]) for item in batch],
            [thin(item[1]) for item in batch],
            [thin(item[1] if long else item[0]) for item, long in zip(dictionary, glossed, strict=True)],
            [thin(item[2]) for item in dictionary],
            [thin(item[0]) for item in concepts],
            [thin(item[1]) for item in concepts],
            [code[split] for code, split in zip(codes, splits, strict=True)],
            [code[~split] for code, split in zip(codes, splits, strict=True)],
            codes,
            [np.array(item[0], np.int32) for item in words],
        )
        taught = [i for i, item in enumerate(alone) if item[1] is not None]
        wanted = [item[2] for item in batch]
        loss = near(english, wanted) + near(russian, wanted) + contrast(english, russian)
        loss = loss + 0.5 * contrast(heads, translations)
        loss = loss + 0.5 * contrast(names_en, names_ru) + 0.5 * near(names_en, [item[2] for item in concepts])
        loss = loss + 0.5 * contrast(left, right) + 0.5 * near(whole[taught], [alone[i][1] for i in taught])
        loss = loss + 0.5 * near(single_words, [item[1] for item in words])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()  # type: ignore[no-untyped-call]
        progress(step + 1, steps, float(loss.detach()))
    return table.rows.weight.detach().numpy(), coder


def _start(
    data: Data, vocabulary: Vocabulary, targets: dict[str, NDArray[np.float32]], options: Options
) -> NDArray[np.float32]:
    """English stems begin as the teacher's vectors of their words, Russian ones as the mean of their translations, all
    weighted by rarity (Arora et al. 2017, "A simple but tough-to-beat baseline": a / (a + p)); grams begin at zero."""
    random = np.random.default_rng(options.seed)
    number = {stem: i for i, stem in enumerate(vocabulary.stems)}
    rows = random.standard_normal((vocabulary.rows, options.dimension)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    sums = np.zeros((len(vocabulary.stems), options.dimension), np.float32)
    for text, target in targets.items():
        stems = table_stems(text)
        if len(stems) == 1 and stems[0] in number:
            sums[number[stems[0]]] += target
    for english, russian, _ in data.entries:
        stems = table_stems(russian)
        if len(stems) == 1 and stems[0] in number:
            sums[number[stems[0]]] += targets[english]
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    np.divide(sums, lengths, out=rows[: len(sums)], where=lengths > 0)
    cyrillic = np.array([stem[:1] >= "а" for stem in vocabulary.stems])
    for side in (cyrillic, ~cyrillic):
        share = vocabulary.counts[side] / max(1, vocabulary.counts[side].sum())
        rows[: len(sums)][side] *= (1e-3 / (1e-3 + share))[:, None].astype(np.float32)
    rows[len(sums) :] = 0
    return rows
