"""The stand-ins for what lies outside, which the tests use too: a language model, YouTube, a web site."""

from __future__ import annotations

import sys

from benchmarks.processes import ROOT

if str(ROOT / "tests") not in sys.path:
    sys.path.append(str(ROOT / "tests"))

import model_stub
import proxying
import shared_storage
import web_stub
import youtube_stub

__all__ = ["model_stub", "proxying", "shared_storage", "web_stub", "youtube_stub"]
