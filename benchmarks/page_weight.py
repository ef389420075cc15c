"""A running service and searches → what the first page of each brings to a browser that has nothing yet: bytes over the
wire and bytes unpacked, pictures included.

lectures serve &  python -m benchmarks.page_weight http://127.0.0.1:8000 dropout "что такое attention?"
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from playwright.sync_api import Browser, sync_playwright

_ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]


@dataclass(slots=True)
class Weight:
    """What came from one address: with the headers over the wire, and unpacked."""

    wire_bytes: int = 0
    decoded_bytes: int = 0


def weigh(browser: Browser, url: str, **context_options: Any) -> dict[str, Weight]:
    """What a browser without a cache loads of a page until nothing more comes, by the path of each answer."""
    context = browser.new_context(**context_options)
    page = context.new_page()
    protocol = context.new_cdp_session(page)
    protocol.send("Network.enable")
    paths: dict[str, str] = {}
    weights: dict[str, Weight] = {}

    def of(event: dict[str, Any]) -> Weight:
        return weights.setdefault(paths.get(event["requestId"], event["requestId"]), Weight())

    def answered(event: dict[str, Any]) -> None:
        paths[event["requestId"]] = urlsplit(event["response"]["url"]).path

    def arrived(event: dict[str, Any]) -> None:
        of(event).decoded_bytes += event["dataLength"]

    def ended(event: dict[str, Any]) -> None:
        of(event).wire_bytes += event["encodedDataLength"]

    protocol.on("Network.responseReceived", answered)
    protocol.on("Network.dataReceived", arrived)
    protocol.on("Network.loadingFinished", ended)
    page.goto(url)
    page.wait_for_load_state("networkidle")
    context.close()
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("queries", nargs="+")
    parser.add_argument("--language", default="ru")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    heaviest: tuple[int, dict[str, Weight]] = (0, {})
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=_ARGUMENTS)
        for query in options.queries:
            weights = weigh(browser, f"{options.url.rstrip('/')}/?q={quote(query)}", locale=options.language)
            wire = sum(weight.wire_bytes for weight in weights.values())
            decoded = sum(weight.decoded_bytes for weight in weights.values())
            print(f"{wire:8} wire {decoded:8} decoded  {query}")
            heaviest = max(heaviest, (decoded, weights), key=lambda one: one[0])
        browser.close()
    print("the heaviest:")
    for path, weight in sorted(heaviest[1].items(), key=lambda item: -item[1].decoded_bytes):
        print(f"{weight.wire_bytes:8} wire {weight.decoded_bytes:8} decoded  {path}")


if __name__ == "__main__":
    main()
