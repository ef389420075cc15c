"""A student → the files that index/embed/sentences.py reads, and a card of what they were made from."""

from __future__ import annotations

import copy
import hashlib
import json
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save
from torch import Tensor, nn
from torch.nn import functional as F

from index.embed.sentences import VERSION
from training.sentences.learn import Options
from training.sentences.measure import Measured
from training.sentences.network import Floats, Layer, Network, Numbers, embed
from training.sentences.texts import MOST_PIECES
from training.sentences.weights import Base

_MARKS = 2  # of the beginning and of the end
_SHARED_OUT = 16  # more numbers for each matrix, among which the largest ones are shared out


class _SharedOut(nn.Module):
    """A matrix whose largest inputs come as several equal parts (Zhao et al. 2019, "outlier channel splitting").

    What comes to a matrix is rounded to 256 steps between its least and its largest number. A few numbers are always
    ten times as large as all others, which are rounded to a handful of values for them.
    """

    again: Tensor
    shares: Tensor

    def __init__(self, matrix: nn.Linear, largest: Floats) -> None:
        """`largest` is (inputs,), how large each of them becomes."""
        super().__init__()
        parts, again = np.ones(len(largest), np.float32), []
        for _ in range(_SHARED_OUT):
            again.append(int((largest / parts).argmax()))
            parts[again[-1]] += 1
        whole = [*range(len(largest)), *again]
        self.register_buffer("again", torch.tensor(again))
        self.register_buffer("shares", torch.from_numpy(1 / parts[whole]))
        self.matrix = nn.Linear(len(whole), matrix.out_features)
        with torch.no_grad():
            self.matrix.weight.copy_(matrix.weight[:, whole])
            self.matrix.bias.copy_(matrix.bias)

    def forward(self, found: Tensor) -> Tensor:
        shared: Tensor = torch.cat([found, found[:, :, self.again]], 2) * self.shares
        result: Tensor = self.matrix(shared)
        return result


class _Body(nn.Module):
    """All that follows what the pieces begin with, which the application looks up itself; of one text."""

    def __init__(self, network: Network, shown: Sequence[Numbers]) -> None:
        super().__init__()
        self.begin = network.begin
        self.layers = copy.deepcopy(network.layers)
        largest = _largest_inputs(network, shown)
        layers = [layer for layer in self.layers if isinstance(layer, Layer)]
        for layer, (widen, narrow) in zip(layers, largest, strict=True):
            layer.add_module("widen", _SharedOut(layer.widen, widen))
            layer.add_module("narrow", _SharedOut(layer.narrow, narrow))

    def forward(self, begun: Tensor) -> Tensor:
        """(1, width) unit row of (1, pieces, width)."""
        found = self.begin(begun)
        for layer in self.layers:
            found = layer(found, None, 0.0)
        return F.normalize(found.mean(1), dim=1)


def _largest_inputs(network: Network, shown: Sequence[Numbers]) -> list[list[Floats]]:
    """How large each input of the matrices `widen` and `narrow` of each layer becomes while these texts are read."""
    largest: dict[nn.Module, Floats] = {}

    def look(matrix: nn.Module, given: tuple[Tensor, ...]) -> None:
        own = given[0].detach().abs().flatten(0, -2).amax(0).numpy()
        largest[matrix] = np.maximum(largest.get(matrix, own), own)

    matrices = [[layer.widen, layer.narrow] for layer in network.layers if isinstance(layer, Layer)]
    hooks = [matrix.register_forward_pre_hook(look) for own in matrices for matrix in own]
    for numbers in shown:  # each alone: what fills up the shorter ones of several is no text
        embed(network, [numbers])
    for hook in hooks:
        hook.remove()
    return [[largest[matrix] for matrix in own] for own in matrices]


def export(network: Network, base: Base, kept: Sequence[int], shown: Sequence[Numbers], folder: Path) -> list[Path]:
    """Write `sentences-*.onnx` (8 bit), `.safetensors` (the pieces' vectors in 4 bit, as the base has them) and
    `.pieces.txt`; their paths. By the texts `shown` it is seen how large the numbers become."""
    folder.mkdir(parents=True, exist_ok=True)
    network = network.cpu().eval()
    paths = [folder / f"sentences-{VERSION}.{ending}" for ending in ("onnx", "safetensors", "pieces.txt")]
    write_layers(network, shown, paths[0])
    positions = network.positions.weight + network.kind
    arrays = {
        "words": base.packed("emb.word", base.sizes.width)[list(kept)],
        "positions": positions[: MOST_PIECES + _MARKS].detach().numpy().astype(np.float16),
        "scores": base.scores[list(kept)],
    }
    paths[1].write_bytes(save(arrays))
    pieces = [base.pieces[number] for number in kept]
    if any("\n" in piece for piece in pieces):
        raise ValueError(f"A piece of {base.origin} holds a line break; the file of pieces has one a line.")
    paths[2].write_text("\n".join(pieces), "utf-8")
    return paths


def write_layers(network: Network, shown: Sequence[Numbers], path: Path) -> None:
    """The matrices in 8 bit with a scale for each column, what passes between them as it comes (dynamic quantisation of
    onnxruntime; Jacob et al. 2018), but for numbers that are always large."""
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # the older exporter, whose graph onnxruntime quantises without further packages, says that it is the older one
        warnings.simplefilter("ignore")
        whole = Path(folder) / "whole.onnx"
        torch.onnx.export(
            _Body(network, shown),
            (torch.randn(1, 9, network.sizes.width),),
            str(whole),
            input_names=["begun"],
            output_names=["vector"],
            dynamic_axes={"begun": {1: "pieces"}},
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(
            whole, path, weight_type=QuantType.QInt8, extra_options={"MatMulConstBOnly": True}, per_channel=True
        )


def write_card(
    network: Network,
    paths: Sequence[Path],
    base: Base,
    options: Options,
    hashes: Mapping[str, str],
    measured: Mapping[str, Measured],
) -> Path:
    """`sentences-*.json`, beside the files that it describes, by whose `files` the application checks them."""
    card = {
        "files": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths},
        "base": base.origin,
        "base_sha256": base.sha256,
        "layers": network.sizes.layers,
        "pieces": network.words.num_embeddings,
        "dimension": network.sizes.width,
        "options": asdict(options),
        "data_sha256": dict(hashes),
        "mean_reciprocal_rank": {name: asdict(ranks) for name, ranks in measured.items()},
    }
    path = paths[0].with_name(f"sentences-{VERSION}.json")
    path.write_text(json.dumps(card, indent=1) + "\n", "utf-8")
    return path
