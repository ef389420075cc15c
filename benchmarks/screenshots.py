"""A running service with the example course → pictures of the main states of its pages, to be looked at.

lectures serve &  python benchmarks/screenshots.py http://127.0.0.1:8000 FOLDER
"""

from __future__ import annotations

import argparse
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Page, sync_playwright

_ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
WIDE, PHONE, TABLET, LYING = (1366, 850), (375, 812), (768, 1024), (844, 390)
_QUESTION = "/?q=" + quote("что такое ранняя остановка?")
# name: (path, size, theme, language)
STATES = {
    "home": ("/", WIDE, "light", "en"),
    "home-dark": ("/", WIDE, "dark", "ru"),
    "results": ("/?q=dropout", WIDE, "light", "en"),
    "results-dark": ("/?q=" + quote("градиентный спуск"), WIDE, "dark", "ru"),
    "results-other-words": ("/?q=" + quote("дропаут"), WIDE, "light", "ru"),
    "one-lecture": ("/?q=dropout&in=/c/neural-networks/l/2", WIDE, "light", "en"),
    "slide": ("/?q=dropout&open=page-2-7", WIDE, "light", "ru"),
    "slide-dark": ("/?q=dropout&open=page-2-7", WIDE, "dark", "ru"),
    "video": ("/?q=dropout&open=time-2-205", WIDE, "light", "ru"),
    "answer": (_QUESTION, WIDE, "light", "ru"),
    "answer-and-slide": (_QUESTION + "&open=page-2-11", WIDE, "light", "ru"),
    "listed": ("/?q=GAN", WIDE, "light", "en"),
    "absent": ("/?q=" + quote("курс доллара"), WIDE, "light", "ru"),
    "nothing": ("/?q=zzxxqqww&course=neural-networks", WIDE, "light", "en"),
    "missing-page": ("/c/neural-networks/l/99", WIDE, "light", "ru"),
    "lecture": ("/lectures/2", WIDE, "light", "ru"),
    "terms": ("/courses/neural-networks/terms", WIDE, "light", "ru"),
    "course": ("/courses/neural-networks", WIDE, "light", "ru"),
    "teach": ("/teach", WIDE, "light", "en"),
    "phone-home": ("/", PHONE, "light", "ru"),
    "phone-results": ("/?q=dropout", PHONE, "light", "ru"),
    "phone-answer": (_QUESTION, PHONE, "light", "ru"),
    "phone-slide": ("/?q=dropout&open=page-2-7", PHONE, "light", "ru"),
    "phone-video": ("/?q=dropout&open=time-2-205", PHONE, "light", "ru"),
    "phone-removed": ("/?q=dropout&open=page-999-1", PHONE, "light", "ru"),
    "phone-course": ("/courses/neural-networks", PHONE, "light", "ru"),
    "phone-lecture-dark": ("/lectures/2", PHONE, "dark", "ru"),
    "phone-lying": ("/?q=dropout&open=page-2-7", LYING, "light", "ru"),
    "tablet-results": ("/?q=dropout", TABLET, "light", "ru"),
    "tablet-slide": ("/?q=dropout&open=page-2-7", TABLET, "light", "ru"),
}


def settle(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=_ARGUMENTS)
        for name, (path, (width, height), theme, language) in STATES.items():
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if theme == "dark" else "light",
                locale=language,
            )
            page = context.new_page()
            page.goto(options.url.rstrip("/") + path)
            settle(page)
            page.screenshot(path=str(options.folder / f"{name}.png"))
            print(name)
            context.close()
        page = browser.new_page(viewport={"width": WIDE[0], "height": WIDE[1]})
        page.goto(options.url)
        page.locator("#q").press_sequentially("drop")
        page.wait_for_selector("#suggestions li")
        page.keyboard.press("ArrowDown")
        page.screenshot(path=str(options.folder / "suggestions.png"))
        browser.close()


if __name__ == "__main__":
    main()
