"""Text of a course as Markdown: rendered, it reads as it stands in the course, and leads nowhere."""

from __future__ import annotations

import html
import random
import re
from time import process_time

import pytest
from markdown_it import MarkdownIt
from test_service_markup import SIGNS

from service.chat.markdown import escape, fenced, link, plain

_RENDERED = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_JOINT = "\u2060"
# What programs make links of wherever it stands in the text, whatever was escaped.
_LINKED = re.compile(
    r"https?://|ftp://|(?<!\w)//\w|www\.\w|mailto:\w|[\w.+-]+@[\w-]+\.\w|(?<![\w.:/@-])[\w-]+\.(?:com|org|ru|io)\b"
)

ATTACKS = [
    "![p](http://evil.example/p.png)",
    "[Click](https://evil.example)",
    "[a][b] [b]: https://evil.example",
    "[b]: //evil.example/x 'title'",
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "<https://evil.example>",
    "http://evil.example/x?y=1",
    "see WWW.evil.com, please",
    "write to me@evil.com",
    "mailto:me@evil.com",
    "//evil.com/x.js",
    "evil.com",
    "$![p](http://evil.com)$",
    "$www.evil.com$",
    "\\(<img src=//evil.com>\\)",
    "`code` ![x](http://evil.com/`y`)",
    "\\![p](http://evil.com) \\\\[q](http://evil.com)",
    "[![p](http://evil.com)](http://evil.com)",
    "&lt;img src=x&gt; &#60;b&#62;",
    "| a | b |\n|---|---|\n| ![p](http://evil.com) | c |",
    "# heading",
    "> quotation",
    "- item",
    "1. item",
    "```\nfence\n```",
    "--- \n===",
    "<!-- comment --> <?x?> <![CDATA[x]]>",
    "[^1]: note http://evil.com [^1]",
    "**bold** *slanted* __under__ ~~gone~~",
    "<details><summary>x</summary>y</details>",
    "<@everyone> <#general>",
]
PLAIN = [
    "x = A_ij * B_jk, если a < b и b > c",
    "torch.nn.functional.dropout(x, p=0.5)",
    "p(x|y) ≥ 0.5 for x_1, x_2",
    "Формула $p(y|x) = \\frac{1}{Z} e^{-E(x,y)}$ верна",
    "def f(a): return a + 1",
    "a[i] += b[j]",
    "50 % of the units, 2 * 3 = 6",
    "Dropout (Srivastava et al., 2014)",
]


def _shown(text: str) -> str:
    return html.unescape(re.sub(r"</?p>", "", _RENDERED.render(text))).strip()


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_comes_of_markup_in_a_course(attack: str) -> None:
    for before in ("", "Dropout: ", "[1] "):
        written = escape(f"{before}{attack}")
        assert _shown(written).replace(_JOINT, "") == " ".join(f"{before}{attack}".split())
        assert "<" not in re.sub(r"</?p>", "", _RENDERED.render(written)).replace("&lt;", "")
        assert not _LINKED.search(_shown(written))


@pytest.mark.parametrize("text", PLAIN)
def test_ordinary_lines_formulas_and_code_stay_as_they_are(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize("text", SIGNS)
def test_lines_of_code_and_of_mathematics_are_read_as_they_stand(text: str) -> None:
    if "$" in text or text.startswith(("\\(", "\\[")):
        assert escape(text) == text  # for programs that set formulas
    else:
        assert _shown(escape(text)).replace(_JOINT, "") == " ".join(text.split())


def test_what_stands_between_dollars_is_no_element_either() -> None:
    assert escape("$<x-evil>$ and ${7}<x-evil>$") == "$< x-evil>$ and ${7}< x-evil>$"


@pytest.mark.parametrize("attack", [*ATTACKS, "x = 1\n```\n![p](http://evil.example)\n````"])
def test_code_is_shown_as_it_stands_and_nothing_leaves_its_block(attack: str) -> None:
    shown = _RENDERED.render(fenced(attack))
    inside = re.fullmatch(r"<pre><code>(.*)\n</code></pre>\n", shown, re.DOTALL)
    assert inside is not None
    assert html.unescape(inside.group(1)).replace(_JOINT, "") == attack.strip("\n")


def test_signs_that_would_mean_something_are_escaped_and_no_others() -> None:
    assert escape("costs $5, then $6") == "costs \\$5, then \\$6"
    assert escape("List<int> and **kwargs in __init__") == "List\\<int> and \\*\\*kwargs in \\_\\_init\\_\\_"
    assert escape("a <think>er</think>") == f"a <{_JOINT}think>er<{_JOINT}/think>"  # else programs leave it out
    assert escape("as in [5], x[0] = 1") == "as in \\[5], x\\[0] = 1"


def test_a_link_of_ours_is_one_whatever_it_is_called() -> None:
    for attack in ATTACKS:
        rendered = _RENDERED.render(link(f"x {attack}", "http://127.0.0.1:8000/c/x"))
        assert re.findall(r'href="([^"]*)"', rendered) == ["http://127.0.0.1:8000/c/x"]
        assert "<img" not in rendered


def test_three_hundred_mixtures_of_attacks_lead_nowhere() -> None:
    chance = random.Random(7)
    for _ in range(300):
        one, other = chance.sample(ATTACKS, 2)
        at = chance.randrange(len(one))
        written = escape(one[:at] + other + one[at:])
        rendered = re.sub(r"</?p>", "", _RENDERED.render(written))
        assert "<" not in rendered.replace("&lt;", "")
        assert not _LINKED.search(html.unescape(rendered)), written


@pytest.mark.parametrize("sign", ["@", "a@", "a.", "www.", "$a", "](", "<a ", "\\(", "http:", "a-"])
def test_a_title_without_end_is_written_in_a_moment(sign: str) -> None:
    started = process_time()
    link(sign * 5_000, "x")
    plain(sign * 5_000)
    assert process_time() - started < 10  # it takes a tenth of a second; what grows with the square of it takes minutes
