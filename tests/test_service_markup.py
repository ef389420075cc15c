"""What a model writes keeps its signs; what leads elsewhere or runs does not pass."""

from __future__ import annotations

import random

import pytest

from index.types import Hit, IndexedPassage, Kind, Snippet
from service.answers.citations import ReplyReader, numbers_of
from service.answers.markup import clean_reply

SIGNS = r"""
p(x|y) >= 0.5
x < y и y > z
p<0.05
A_ij * B_jk
List<int> и Dict<K, V>
map<string, vector<int>> m
std::vector<int> v
torch.nn.functional.dropout
nn.Conv2d(3, 64)
x**2 + y**2
a_1 * b_2 * c_3
5 * 3 * 2
f(x) = x*y*z
__init__ and *args
a <= b && c != d
if (a<b && b>c)
C++ and C#
f'(x) → 0
x_i^{(t)}
θ_{t+1} = θ_t − η∇L
O(n^2)
[0, 1]
{a, b}
1/(1+e^{-x})
lr=1e-3
x.shape[0]
df.loc
$\frac{a}{b} \ge p(x|y)$
$x_1 * x_2 * x_3$
$$\sum_{i<j} w_{ij} x_i x_j$$
\(\sum_{i<j} x_i\)
\[\nabla_\theta L = 0\]
`a[1] < b[2]`
`List<int> xs = new ArrayList<>();`
`x = [i for i in range(10)]`
`y = W @ x + b  # bias`
`model.fit(x, y)`
~x & y | z
e.g. here
и т.д. и т.п.
""".strip().split("\n")

ATTACKS = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</script>",
    "<scr<b>ipt>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><animate onbegin=alert(1)>",
    "<xss onmouseover=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<a href='//evil.example'>x</a>",
    "<!-- <img src=x onerror=alert(1)> -->",
    "$<img src=x onerror=alert(1)>$",
    "![x](https://evil.example/p.png)",
    "[x](javascript:alert(1))",
    "[x](<https://evil.example>)",
    "<https://evil.example/>",
    "`https://evil.example/`",
    "[x][1]\n\n[1]: https://evil.example",
    "evil.example/steal?q=1",
    "www.evil.example",
    "evil.ru",
    "me@evil.example",
    "data:text/html;base64,AAAA",
    r"\href{https://evil.example}{x}",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
]
_RUNS = ("<script", "<img", "<svg", "<iframe", "<a ", "<xss", "<!--", "<form", "<style", "javascript:", "data:text")


@pytest.mark.parametrize("text", SIGNS)
def test_formulas_and_code_pass_unchanged(text: str) -> None:
    assert clean_reply(text) == text


def test_marks_of_emphasis_and_headings_go() -> None:
    assert clean_reply("## **Dropout** is _a mask_") == "Dropout is a mask"
    assert clean_reply("- one *two* three") == "one two three"


def test_the_words_of_a_link_stay() -> None:
    assert clean_reply("see [the slide](https://evil.example/a) there") == "see the slide there"


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_runs_or_leads_elsewhere_passes(attack: str) -> None:
    cleaned = clean_reply(f"before {attack} after").lower()
    assert not any(mark in cleaned for mark in _RUNS), cleaned
    assert "evil" not in cleaned


def test_attacks_cut_into_one_another_do_not_pass() -> None:
    chance = random.Random(11)
    for _ in range(300):
        first, second = chance.sample(ATTACKS, 2)
        at = chance.randrange(len(first))
        cleaned = clean_reply(f"{first[:at]}{second}{first[at:]}").lower()
        assert not any(mark in cleaned for mark in _RUNS), (first, second, at, cleaned)


def _read(text: str, size: int = 9) -> list[tuple[str, int]]:
    def hit(said: str) -> Hit:
        passage = IndexedPassage("p", Kind.PAGE, "", said, "0", "c", "C", None, "en", 1, 1, "L", "", None)
        return Hit(passage, 1.0, Snippet("", ()))

    reader = ReplyReader(
        [hit("one two three in a row"), hit("four five six in a row"), hit("seven eight nine ten")], {}, False
    )
    found = []
    for start in range(0, len(text), size):
        found += list(reader.feed(text[start : start + size]))
    found += list(reader.feed("", last=True))
    return [(sentence.text, len(sentence.citations)) for sentence in found]


@pytest.mark.parametrize("size", [1, 4, 200])
def test_sentences_are_not_cut_at_shortened_words(size: int) -> None:
    text = "See рис. 2 there, since 2014 г. it holds [1]. By A. Ng, e.g. in Fig. 3 [2]. The end."
    assert _read(text, size) == [
        ("See рис. 2 there, since 2014 г. it holds.", 1),
        ("By A. Ng, e.g. in Fig. 3.", 1),
        ("The end.", 0),
    ]


@pytest.mark.parametrize(
    ("cited", "count"), [("【1】", 1), ("【2†slides】", 1), ("[1-3]", 3), ("[1][2]", 2), ("[1, 3]", 2), ("[9]", 0)]
)
def test_citations_are_read_however_models_write_them(cited: str, count: int) -> None:
    assert _read(f"Something is said here {cited}.") == [("Something is said here.", count)]


def test_ranges_of_citations_end() -> None:
    assert numbers_of("1, 3-5") == [1, 3, 4, 5]
    assert len(numbers_of("1-999")) == 10


@pytest.mark.parametrize("size", [1, 5, 500])
def test_thoughts_of_a_model_are_not_the_answer(size: int) -> None:
    assert _read("<think>The user asks. Let me see [1].</think>It is one thing [1].", size) == [("It is one thing.", 1)]
    assert _read("hmm, it asks</think>It is one thing [1].", size)[-1] == ("It is one thing.", 1)


@pytest.mark.parametrize("size", [1, 5, 500])
def test_code_stays_whole(size: int) -> None:
    text = "Use this [1].\n```python\nx = a[1]\nif x < 2: print(x)\n```\nIt works. Also `x[2]! y` here [2]."
    assert _read(text, size) == [
        ("Use this.", 1),
        ("```python\nx = a[1]\nif x < 2: print(x)\n```", 0),
        ("It works.", 0),
        ("Also `x[2]! y` here.", 1),
    ]
