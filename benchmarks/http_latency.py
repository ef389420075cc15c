"""Questions → p50 and p95 of GET /api/search over one kept-alive connection, beside the time of /livez as a floor.

python benchmarks/http_latency.py http://127.0.0.1:8000 GOLD.jsonl [--course SLUG]

Many rounds need a higher LECTURES_SEARCHES_PER_MINUTE on the server: a refused request ends the run.
"""

from __future__ import annotations

import argparse
import http.client
import json
from pathlib import Path
from time import perf_counter
from urllib.parse import quote, urlsplit

from service.evaluation import percentile, read_gold


def measure(url: str, addresses: list[str], rounds: int) -> list[float]:
    """Milliseconds from request to the last byte."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=30)
    times = []
    for _ in range(rounds):
        for address in addresses:
            started = perf_counter()
            connection.request("GET", address)
            response = connection.getresponse()
            response.read()
            times.append((perf_counter() - started) * 1000)
            if response.status != 200:
                raise SystemExit(f"{address} answered {response.status}")
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("gold", type=Path)
    parser.add_argument("--course", default="")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    course = f"&course={quote(options.course)}" if options.course else ""
    searches = [f"/api/search?q={quote(question.query)}{course}" for question in read_gold(options.gold)]
    measure(options.url, searches, 1)  # warm-up
    results = {}
    for name, addresses in (("livez", ["/livez"] * len(searches)), ("search", searches)):
        times = measure(options.url, addresses, options.rounds)
        results[name] = {"n": len(times), "p50_ms": percentile(times, 0.5), "p95_ms": percentile(times, 0.95)}
    results["ratio"] = {"p50": results["search"]["p50_ms"] / results["livez"]["p50_ms"]}
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
