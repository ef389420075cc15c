"""Decks as they are found: pictures read by tesseract, garbled text, pointers, prose with sections, what changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pypdf
import pytest
import sqlalchemy as sa
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont
from support import CountingEmbedder, ingest, write_pdf

from index.library import Library
from index.store.tables import passages
from index.types import Deck, DeckKind, Lecture, Page, State
from ingest import decks as deck_reading
from ingest.decks import DeckSource, read_decks
from ingest.ocr import ocr_languages
from ingest.pages import clean_pages
from ingest.passages import make_passages
from ingest.pdf import Line, PdfReader, RawPage, is_doubled, soundness
from ingest.planned import PlannedDeck
from ingest.symbols import repair, tidy

needs_tesseract = pytest.mark.skipif(not {"rus", "eng"} <= ocr_languages(), reason="tesseract is not installed")


def read_one(library: Library, folder: Path, name: str) -> Deck:
    planned = PlannedDeck(name)
    return read_decks([planned], DeckSource(folder, library, "ru"), lambda *_: None)[planned]


def write_picture_pdf(path: Path) -> None:
    """Two pages: words as text, and words as a picture only."""
    font = ImageFont.truetype("DejaVuSans.ttf", 60) if _has_font() else ImageFont.load_default(60)
    picture = Image.new("RGB", (1400, 1000), "white")
    ImageDraw.Draw(picture).text((80, 60), "Gradient descent", font=font, fill="black")
    ImageDraw.Draw(picture).text((80, 400), "follows the slope of the loss", font=font, fill="black")
    pdf = FPDF(unit="mm", format=(254, 190))
    pdf.set_auto_page_break(auto=False)
    pdf.add_page()
    pdf.set_font("Helvetica", size=28)
    pdf.cell(200, 10, "Words that are text")
    pdf.add_page()
    pdf.image(picture, x=0, y=0, w=254, h=181)
    pdf.output(str(path))


def _has_font() -> bool:
    try:
        ImageFont.truetype("DejaVuSans.ttf", 10)
    except OSError:
        return False
    return True


@needs_tesseract
def test_a_page_that_is_a_picture_is_read_and_marked(sqlite_library: Library, tmp_path: Path) -> None:
    write_picture_pdf(tmp_path / "a.pdf")
    deck = read_one(sqlite_library, tmp_path, "a.pdf")
    assert [page.ocr for page in deck.pages] == [False, True]
    assert (deck.pages[1].title, "slope of the loss" in deck.pages[1].text) == ("Gradient descent", True)
    assert (deck.state, deck.problem) == (State.READY, None)


def test_a_picture_that_is_there_many_times_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def read(picture: bytes, _language: str) -> tuple[Line, ...]:
        asked.append(picture)
        return (Line("What the picture of the page says", 0.5, 0.1, 20.0),)

    class Drawn:
        def render_page(self, _path: Path, page_number: int, *_: object) -> bytes:
            return b"another" if page_number == 3 else b"the same"

    monkeypatch.setattr(deck_reading, "read_picture", read)
    monkeypatch.setattr(deck_reading, "ocr_languages", lambda: frozenset({"eng"}))
    pages = deck_reading.with_ocr([RawPage(())] * 4, tmp_path, "en", Drawn())  # type: ignore[arg-type]
    assert (asked, [page.ocr for page in pages]) == ([b"the same", b"another"], [True] * 4)


def test_without_tesseract_the_gap_says_how(
    sqlite_library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deck_reading, "ocr_languages", frozenset)
    write_picture_pdf(tmp_path / "a.pdf")
    deck = read_one(sqlite_library, tmp_path, "a.pdf")
    assert deck.problem is not None
    assert (deck.state, deck.problem.code) == (State.PARTIAL, "pages_without_text")
    assert "1 of 2 pages have no text (2)" in deck.problem.detail
    assert "Install tesseract" in deck.problem.detail


def test_the_same_file_is_read_only_once(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pdf(tmp_path / "course" / "a.pdf", ["Dropout\nwords"])
    ingest(tmp_path / "course", sqlite_library, embedder)
    monkeypatch.setattr(PdfReader, "extract_pages", lambda *_: pytest.fail("read again"))
    shutil.copy(tmp_path / "course" / "a.pdf", tmp_path / "course" / "b.pdf")
    assert ingest(tmp_path / "course", sqlite_library, embedder).pages == 2


def test_a_gap_names_the_deck_that_has_it_though_the_file_is_known_by_another_name(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deck_reading, "ocr_languages", frozenset)
    (tmp_path / "course").mkdir()
    write_picture_pdf(tmp_path / "course" / "a.pdf")
    ingest(tmp_path / "course", sqlite_library, embedder)
    (tmp_path / "course" / "a.pdf").rename(tmp_path / "course" / "b.pdf")
    report = ingest(tmp_path / "course", sqlite_library, embedder)
    assert [gap["detail"].startswith("Deck b.pdf: 1 of 2") for gap in report.gaps] == [True]


def test_a_git_lfs_pointer_is_told_from_a_broken_file(sqlite_library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    deck = read_one(sqlite_library, tmp_path, "a.pdf")
    assert deck.problem is not None
    assert (deck.state, deck.problem.code) == (State.MISSING, "lfs_pointer")


def test_symbol_fonts_become_the_letters_they_show_and_ornaments_go() -> None:
    assert tidy("\uf061 \uf0ce \uf053, \uf0d1\uf066 \uf0a7 text") == "α ∈ Σ, ∇φ text"


def test_letters_printed_twice_and_wrong_code_pages_are_repaired() -> None:
    assert repair("ДДррооппаауутт") == "Дропаут"
    assert repair("DDrrooppoouutt  llaayyeerr") == "Dropout layer"
    assert repair("Ãðàäèåíòíûé ñïóñê") == "Градиентный спуск"
    for untouched in ("Aa balloon", "réseau", "Привет", "00110011"):
        assert repair(untouched) == untouched or untouched.isdigit()


def test_soundness_tells_garbled_text_from_text() -> None:
    assert soundness("Градиентный спуск, 2022") == 1.0
    assert soundness("\ue010\ue011\ue012\ue013 a") < 0.5
    assert soundness("ДДррооппаауутт") == 0.5
    assert is_doubled("ДДррооппаауутт")
    assert not is_doubled("balloon bookkeeper")


def test_a_garbled_page_is_a_gap_with_its_own_code(
    sqlite_library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The font says that its letters are private-use characters: no extractor can know what is meant."""
    monkeypatch.setattr(deck_reading, "ocr_languages", frozenset)
    path = write_pdf(tmp_path / "a.pdf", ["Readable\nwords of a page", "Words\nthat nobody can read at all"])
    writer = pypdf.PdfWriter(clone_from=path)
    page = writer.pages[1]
    cmap = pypdf.generic.StreamObject()
    cmap.set_data(
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def "
        b"1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfrange <20> <7E> <E020> endbfrange endcmap end end"
    )
    fonts = page["/Resources"].get_object()["/Font"].get_object()  # type: ignore[index]
    for name, font in list(fonts.items()):
        own = pypdf.generic.DictionaryObject(font.get_object())
        own[pypdf.generic.NameObject("/ToUnicode")] = writer._add_object(cmap)
        fonts[name] = writer._add_object(own)
    page[pypdf.generic.NameObject("/Resources")] = pypdf.generic.DictionaryObject(
        {pypdf.generic.NameObject("/Font"): fonts}
    )
    writer.write(path)
    deck = read_one(sqlite_library, tmp_path, "a.pdf")
    assert deck.problem is not None
    assert deck.problem.code == "garbled_pages"
    assert all(not page.text or page.page_number == 1 for page in deck.pages)


# --- titles ----------------------------------------------------------------------------------------------


def page_of(*lines: tuple[str, float, float]) -> Page:
    raw = RawPage(tuple(Line(text, top, 0.1, height) for text, top, height in lines), height=540)
    return clean_pages([RawPage(()), raw])[1]


def test_a_title_of_three_lines_that_is_the_whole_page() -> None:
    page = page_of(("DOES AGE OF FATHER", 0.11, 53), ("INCREASE RISK OF", 0.22, 53), ("DISEASE?", 0.33, 53))
    assert page.title == "DOES AGE OF FATHER INCREASE RISK OF DISEASE?"


def test_a_line_below_a_title_of_the_same_size_is_not_its_second() -> None:
    lines = [("RNN: основная идея", 0.07, 14.6), ("общие веса", 0.11, 14.6)]
    assert page_of(*lines, ("учим одну модель", 0.3, 14.6), ("градиент", 0.5, 14.6), ("шаг", 0.6, 14.6)).title == (
        "RNN: основная идея"
    )


def test_a_divider_is_called_by_the_words_in_its_middle() -> None:
    assert page_of(("Recap:", 0.34, 14), ("Gaussian Processes", 0.41, 14)).title == "Recap: Gaussian Processes"


# --- notes -----------------------------------------------------------------------------------------------


def notes(
    *texts: str, outline: tuple[tuple[int, str], ...] = (), titles: tuple[str, ...] = ()
) -> list[tuple[str, str]]:
    pages = tuple(
        Page(number, None, titles[number - 1] if titles else "", text) for number, text in enumerate(texts, 1)
    )
    deck = Deck("n.pdf", DeckKind.NOTES, "Notes", None, State.READY, None, None, None, None, pages, outline)
    lecture = Lecture("l", 1, "", "Lecture", "", (), (deck,), ())
    return [(passage.title, passage.text) for passage in make_passages("c", lecture)]


def test_notes_are_cut_at_their_sections_which_go_on_over_pages() -> None:
    found = notes(
        "Cover words\n1 Dropout\nzeroes activations",
        "and goes on here\n2. Weight\ndecay\nshrinks weights",
        outline=((1, "Dropout"), (2, "Weight decay")),
    )
    assert found == [
        ("", "Cover words"),
        ("Dropout", "1 Dropout\nzeroes activations"),
        ("Dropout", "and goes on here"),
        ("Weight decay", "2. Weight\ndecay\nshrinks weights"),
    ]


def test_contents_and_references_are_not_searched() -> None:
    contents = "Содержание\n1 Введение . . . . 2\n2 Дропаут . . . . 5\n3 Итоги . . . . 9"
    found = notes(
        contents, "Введение в предмет", "Итоги таковы\nСписок литературы\n1. Goodfellow I. Deep Learning", "2. LeCun"
    )
    assert [text for _, text in found] == ["Введение в предмет", "Итоги таковы"]


def test_footnotes_of_prose_are_left_out() -> None:
    body = [Line(f"Prose line {n} of this page", 0.1 + n * 0.03, 0.1, 11.0) for n in range(20)]
    raw = RawPage((*body, Line("1 A footnote in small type", 0.9, 0.1, 8.0)), portrait=True, height=800)
    assert "footnote" not in clean_pages([raw, raw, raw])[0].text


# --- change ----------------------------------------------------------------------------------------------


def passage_rows(library: Library) -> dict[str, str]:
    with library.database.reading() as connection:
        return {row.id: row.text for row in connection.execute(sa.select(passages))}


def test_exactly_what_changed_is_made_or_dropped(
    sqlite_library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    ingest(course_folder, sqlite_library, embedder)
    before = passage_rows(sqlite_library)
    embedded = len(embedder.embedded)
    # one page of three changes, one is added
    write_pdf(
        course_folder / "one.pdf",
        [
            "Dropout\nrandomly zero activations dropout",
            "Gradient descent\nnow with momentum",
            "Loss\nloss function",
            "New\nx y",
        ],
    )
    ingest(course_folder, sqlite_library, embedder)
    after = passage_rows(sqlite_library)
    assert before.keys() - after.keys() == set()
    assert sorted(after[key] for key in after.keys() - before.keys()) == ["New\nx y"]
    assert [after[key] for key in before if after[key] != before[key]] == ["Gradient descent\nnow with momentum"]
    assert len({text for text in embedder.embedded[embedded:] if "loss function" in text}) == 0
    # renamed: the passages of the old name go, those of the new come, and nothing is embedded anew
    embedded = len(embedder.embedded)
    (course_folder / "one.pdf").rename(course_folder / "two.pdf")
    text = (course_folder / "course.yaml").read_text("utf-8").replace("one.pdf", "two.pdf")
    (course_folder / "course.yaml").write_text(text, "utf-8")
    ingest(course_folder, sqlite_library, embedder)
    renamed = passage_rows(sqlite_library)
    assert len(renamed.keys() & after.keys()) == len(after) - 4
    assert sorted(renamed.values()) == sorted(after.values())
    assert len(embedder.embedded) == embedded
    # removed
    (course_folder / "two.pdf").unlink()
    ingest(course_folder, sqlite_library, embedder)
    assert passage_rows(sqlite_library).keys() == renamed.keys() & after.keys()


def test_captions_that_belong_to_no_video_are_named(
    sqlite_library: Library, course_folder: Path, embedder: CountingEmbedder
) -> None:
    kept = course_folder / "transcripts" / "abcdefghijk.en.vtt"
    shutil.copy(kept, kept.with_name("abcdefghijK.en.vtt"))
    shutil.copy(kept, kept.with_name("abcdefghijk.fr.vtt"))  # another language of the same video
    (course_folder / "notes").mkdir()
    shutil.copy(kept, course_folder / "notes" / "lecture1.vtt")  # beside a lecture: of which of its videos nobody says
    gaps = ingest(course_folder, sqlite_library, embedder).gaps
    assert [gap["detail"] for gap in gaps if gap["code"] == "unclaimed_captions"] == [
        "The captions notes/lecture1.vtt belong to no video of the course; put the file into transcripts/, named after "
        "the id or the file of its video.",
        "The captions transcripts/abcdefghijK.en.vtt belong to no video of the course; name the file after its video.",
    ]
