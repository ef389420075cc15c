"""Data files → the built-in table: python -m training build --data FOLDER; python -m training evaluate GOLD.jsonl …;
python -m training packs; python -m training translations; python -m training sentences --data FOLDER;
python -m training outside"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import fields, replace
from pathlib import Path

from index.embed.sentences import SentenceEmbedder
from index.embed.table import FOLDER, TableEmbedder
from index.engine.dictionary import write_read
from index.engine.packs import BUNDLED, find_packs, read_pack
from training.data import read_data
from training.evaluate import evaluate_files
from training.outside import learn_outside
from training.sentences.learn import Options as SentenceOptions
from training.train import Options
from training.translations import write_translations


def main() -> int:
    """Exit status: 0, or 1 with a sentence on stderr."""
    options = _parser().parse_args()
    try:
        if options.command == "packs":
            for path in find_packs(BUNDLED):
                write_read(read_pack(path), path.with_suffix(".safetensors"))
        elif options.command == "translations":
            print(f"{write_translations(TableEmbedder())} stems with translations")
        elif options.command == "build":
            run_build(options)
        elif options.command == "outside":
            learn_outside(SentenceEmbedder(), print)
        elif options.command == "sentences":
            run_sentences(options)
        else:
            evaluate_files(options.gold, full=not options.alone)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="train the table from the three data files")
    build.add_argument("--data", type=Path, required=True, help="folder with pairs, mono and dict .jsonl.gz")
    build.add_argument("--out", type=Path, default=FOLDER, help="where the table goes (default: into the application)")
    build.add_argument(
        "--cache", type=Path, default=Path(".training-cache"), help="where the teacher's vectors are kept"
    )
    for option in fields(Options):
        build.add_argument(f"--{option.name.replace('_', '-')}", type=type(option.default), default=option.default)
    measure = commands.add_parser("evaluate", help="nDCG@10, MRR and hit@5 of the table alone, by kind")
    measure.add_argument("gold", type=Path, nargs="+", help="judged questions; the data folder must hold their course")
    measure.add_argument("--alone", action="store_true", help="only the cosines; else also the full search")
    commands.add_parser(
        "packs", help="read the descriptions of the bundled packs once: vectors by the bundled table, words"
    )
    commands.add_parser("translations", help="write what the bundled table says means the same in the other alphabet")
    commands.add_parser(
        "outside", help="learn which questions no lecture answers; after each change of the sentence model"
    )
    sentences = commands.add_parser(
        "sentences", help="train the sentence model; a graphics card is used if there is one"
    )
    sentences.add_argument("--data", type=Path, required=True, help="folder with pairs, mono and dict .jsonl.gz")
    sentences.add_argument(
        "--out", type=Path, default=FOLDER, help="where the model goes (default: into the application)"
    )
    for option in fields(SentenceOptions):
        sentences.add_argument(f"--{option.name.replace('_', '-')}", type=type(option.default), default=option.default)
    return parser


def run_build(arguments: argparse.Namespace) -> None:
    """Read, ask the teacher, train, write."""
    from training.export import export  # noqa: PLC0415
    from training.teacher import project, teach  # noqa: PLC0415
    from training.texts import all_texts, teacher_texts  # noqa: PLC0415
    from training.train import train  # noqa: PLC0415
    from training.vocabulary import build_vocabulary  # noqa: PLC0415

    started = time.monotonic()
    options = replace(Options(), **{f.name: getattr(arguments, f.name) for f in fields(Options)})
    data = read_data(arguments.data)
    asked = teacher_texts(data)
    vectors = project(teach(asked, arguments.cache, _bar("teacher", started)), options.dimension)
    targets = dict(zip(asked, vectors, strict=True))
    always = [name for pair in data.terms for name in pair]
    vocabulary = build_vocabulary(all_texts(data), always, options.grams, options.stems)
    rows, _ = train(data, vocabulary, targets, options, _loss_bar("training", started))
    path = export(rows, vocabulary, data, options, arguments.out)
    print(
        f"{path}: {len(vocabulary.stems):,} stems, {path.stat().st_size / 1e6:.1f} MB, "
        f"{time.monotonic() - started:.0f} s"
    )


def run_sentences(arguments: argparse.Namespace) -> None:
    """Train the sentence model, with a line for each thing that is done."""
    from training.sentences.run import train_sentences  # noqa: PLC0415

    options = SentenceOptions(**{f.name: getattr(arguments, f.name) for f in fields(SentenceOptions)})
    train_sentences(arguments.data, arguments.out, options, lambda line: print(line, file=sys.stderr, flush=True))


def _bar(step: str, started: float):  # type: ignore[no-untyped-def]
    def show(done: int, total: int) -> None:
        print(
            f"\r{step}: {done:,} of {total:,} ({time.monotonic() - started:.0f} s) ",
            end="",
            file=sys.stderr,
            flush=True,
        )
        if done == total:
            print(file=sys.stderr)

    return show


def _loss_bar(step: str, started: float):  # type: ignore[no-untyped-def]
    bar = _bar(step, started)

    def show(done: int, total: int, loss: float) -> None:
        bar(done, total)
        if done == total:
            print(f"last loss {loss:.3f}", file=sys.stderr)

    return show


if __name__ == "__main__":
    sys.exit(main())
