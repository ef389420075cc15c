"""Long texts are cut where the least is lost."""

from __future__ import annotations

from index.text.fences import FENCE
from ingest.cutting import cut_text


def test_code_is_cut_between_its_lines_and_is_code_on_both_sides() -> None:
    code = [f"    call_number({number})" for number in range(40)]
    pieces = cut_text("\n".join([FENCE, *code, FENCE]), 300)
    assert all(piece.split("\n")[0] == piece.split("\n")[-1] == FENCE for piece in pieces)
    assert [line for piece in pieces for line in piece.split("\n") if line != FENCE] == code
    assert max(map(len, pieces)) < 340


def test_a_text_is_cut_before_its_code_rather_than_in_it() -> None:
    prose = "\n".join(["A line of prose that is not very long."] * 5)
    code = "\n".join([FENCE, *["x = x + 1"] * 12, FENCE])
    assert cut_text(f"{prose}\n{code}", 300) == [prose, code]


def test_what_announces_code_or_a_formula_stays_with_it() -> None:
    prose = "\n".join(["A line of prose that is not very long."] * 6)
    for announced in ("$$R = TP / (TP + FN)$$" + "x" * 40, f"{FENCE}\nwaitress-serve app\n{FENCE}" + "\nafter" * 9):
        first, second = cut_text(f"{prose}\nThe formula is this:\n{announced}", 270)
        assert first == prose
        assert second.startswith("The formula is this:\n")


def test_a_long_line_is_cut_at_the_end_of_a_sentence_and_never_in_a_word() -> None:
    line = "Words of one sentence stand here. " * 30
    assert {piece[-5:] for piece in cut_text(line.strip(), 200)} == {"here."}
    words = "epochs " * 100
    assert " ".join(cut_text(words.strip(), 100)) == words.strip()
