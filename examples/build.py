"""source/*.txt → slides/*.pdf and video/*.webm: the material of the example course.

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


def write_video(pdf: Path, target: Path, seconds: int) -> None:
    """The pages of a deck one after another, a frame each second (VP9, without sound)."""
    import av  # noqa: PLC0415
    import pypdfium2 as pdfium  # noqa: PLC0415

    document = pdfium.PdfDocument(pdf)
    pictures = [page.render(scale=WIDTH / page.get_width()).to_pil().resize((WIDTH, HEIGHT)) for page in document]
    with av.open(str(target), "w") as container:
        stream = container.add_stream("libvpx-vp9", rate=1, options={"crf": "40", "b": "0"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, 1)
        for second in range(seconds):
            picture = pictures[min(second * len(pictures) // seconds, len(pictures) - 1)]
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fonts", type=Path, default=FONTS, help="Folder of the DejaVu fonts")
    parser.add_argument("--no-video", action="store_true", help="Only the slides")
    options = parser.parse_args()
    slides = HERE / "slides"
    for source in sorted((HERE / "source").glob("*.txt")):
        pages = read_slides(source)
        write_pdf(pages, slides / f"{source.stem}.pdf", options.fonts)
        print(f"{source.stem}.pdf: {len(pages)} pages")
    if not options.no_video:
        for name, (deck, seconds) in VIDEOS.items():
            target = HERE / "video" / f"{name}.webm"
            write_video(slides / f"{deck}.pdf", target, seconds)
            print(f"{target.name}: {seconds} seconds, {target.stat().st_size >> 10} KiB")


if __name__ == "__main__":
    main()
