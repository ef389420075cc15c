"""source/*.txt → slides/*.pdf, video/*.webm and transcripts: the material of the example course.

    python examples/build.py            needs the extra `examples` (fpdf2, av) and the DejaVu fonts

The results are kept in the repository, so that nobody needs to run this to use them.
"""

from __future__ import annotations

import argparse
import datetime as dt
from fractions import Fraction
from pathlib import Path

HERE = Path(__file__).parent
FONTS = Path("/usr/share/fonts/truetype/dejavu")
TALKS = {"lecture2": "02_regularisation"}  # name: slides and talk; what is said on each page is in *.talk.txt
CHARS_PER_SECOND = 13.0
VIDEOS = {"lecture1": ("01_optimisation", 121), "lecture4": ("04_evaluation", 99)}  # name: (slides, seconds)
WIDTH, HEIGHT = 480, 360


def read_slides(path: Path) -> list[list[str]]:
    """Pages of a text, divided by lines of `---`; the first line of a page is its title."""
    return [page.strip("\n").split("\n") for page in path.read_text("utf-8").split("\n---\n")]


def write_pdf(pages: list[list[str]], target: Path, fonts: Path) -> None:
    """Slides of 4:3 with title, bullet lines, a running footer and printed numbers."""
    from fpdf import FPDF  # noqa: PLC0415

    pdf = FPDF(unit="mm", format=(254, 190.5))
    pdf.set_creation_date(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    pdf.set_title(pages[0][0])
    pdf.add_font("Slides", "", str(fonts / "DejaVuSans.ttf"))
    pdf.add_font("Slides", "B", str(fonts / "DejaVuSans-Bold.ttf"))
    pdf.add_font("Code", "", str(fonts / "DejaVuSansMono.ttf"))
    pdf.set_auto_page_break(auto=False)
    for number, (title, *lines) in enumerate(pages, 1):
        pdf.add_page()
        pdf.set_font("Slides", "B", 30)
        pdf.set_xy(18, 70 if number == 1 else 14)
        pdf.multi_cell(218, 13, title, align="L")
        pdf.set_y(pdf.get_y() + 8)
        code = "код" in title.lower() or "code" in title.lower()
        for line in lines:
            pdf.set_font("Code" if code else "Slides", "", 17 if code else 20)
            pdf.set_x(18)
            bullet = "" if code or number == 1 else "• "
            pdf.multi_cell(218, 10, bullet + line, align="L")
            pdf.set_y(pdf.get_y() + (0 if code else 4))
        pdf.set_font("Slides", "", 10)
        pdf.set_xy(18, 180)
        pdf.cell(150, 6, "Нейросети на практике")
        if number > 1:
            pdf.set_xy(220, 180)
            pdf.cell(16, 6, str(number), align="R")
    pdf.output(str(target))


def read_talk(path: Path) -> tuple[list[tuple[float, float, str]], list[float]]:
    """Captions (start, end, sentence) of a talk, and when each page begins: as long as a sentence takes to say."""
    captions, starts, at = [], [], 0.0
    for page in read_slides(path):
        starts.append(at)
        for sentence in page:
            end = round(at + len(sentence) / CHARS_PER_SECOND + 0.6, 1)
            captions.append((at, end, sentence))
            at = end
    return captions, starts


def write_captions(captions: list[tuple[float, float, str]], target: Path) -> None:
    def clock(seconds: float) -> str:
        return f"{int(seconds) // 3600:02d}:{int(seconds) // 60 % 60:02d}:{seconds % 60:06.3f}"

    cues = [f"{clock(start)} --> {clock(end)}\n{text}\n" for start, end, text in captions]
    target.write_text("WEBVTT\n\n" + "\n".join(cues), "utf-8")


def even_starts(pages: int, seconds: int) -> list[float]:
    return [page * seconds / pages for page in range(pages)]


def write_video(pdf: Path, target: Path, seconds: int, starts: list[float]) -> None:
    """The pages of a deck, each from its second on, a frame each second (VP9, without sound)."""
    import av  # noqa: PLC0415
    import pypdfium2 as pdfium  # noqa: PLC0415

    document = pdfium.PdfDocument(pdf)
    pictures = [page.render(scale=WIDTH / page.get_width()).to_pil().resize((WIDTH, HEIGHT)) for page in document]
    with av.open(str(target), "w") as container:
        stream = container.add_stream("libvpx-vp9", rate=1, options={"crf": "40", "b": "0"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, 1)
        for second in range(seconds):
            picture = pictures[max(page for page, start in enumerate(starts) if start <= second)]
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fonts", type=Path, default=FONTS, help="Folder of the DejaVu fonts")
    parser.add_argument("--no-video", action="store_true", help="Only the slides")
    options = parser.parse_args()
    slides = HERE / "slides"
    for source in sorted((HERE / "source").glob("*.txt")):
        if source.name.endswith(".talk.txt"):
            continue
        pages = read_slides(source)
        write_pdf(pages, slides / f"{source.stem}.pdf", options.fonts)
        print(f"{source.stem}.pdf: {len(pages)} pages")
    if not options.no_video:
        for name, (deck, seconds) in VIDEOS.items():
            target = HERE / "video" / f"{name}.webm"
            count = len(read_slides(HERE / "source" / f"{deck}.txt"))
            write_video(slides / f"{deck}.pdf", target, seconds, even_starts(count, seconds))
            print(f"{target.name}: {seconds} seconds, {target.stat().st_size >> 10} KiB")
        for name, deck in TALKS.items():
            captions, starts = read_talk(HERE / "source" / f"{deck}.talk.txt")
            write_captions(captions, HERE / "transcripts" / f"{name}.ru.vtt")
            target = HERE / "video" / f"{name}.webm"
            write_video(slides / f"{deck}.pdf", target, int(captions[-1][1]) + 1, starts)
            print(f"{target.name}: {captions[-1][1]:.0f} seconds, {target.stat().st_size >> 10} KiB")


if __name__ == "__main__":
    main()
