"""Replies of a language model as they stream: thoughts, citations, code and signs; safe as a whole, not only sentence by
sentence."""

from __future__ import annotations

import random
import re
from html.parser import HTMLParser
from time import process_time

import pytest
from markdown_it import MarkdownIt
from test_service_markup import ATTACKS, SIGNS

from index.types import Hit, IndexedPassage, Kind, Snippet
from service.answers.citations import ReplyReader
from service.answers.markup import clean_reply
from service.answers.types import Said, Sentence
from service.answers.whole import WholeText
from service.chat.writing import Writer

_RUNNING = frozenset({"script", "svg", "iframe", "style", "base", "form", "object", "embed", "link", "meta", "img"})
_LEADING = frozenset({"href", "src", "style", "formaction", "srcset", "action", "data"})
_RENDERED = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_JOINT = "\u2060"


def _hit(said: str) -> Hit:
    passage = IndexedPassage("p", Kind.PAGE, "", said, "0", "c", "C", None, "en", 1, 1, "L", "", None)
    return Hit(passage, 1.0, Snippet("", ()))


def _reader(*, drop_uncited: bool = False) -> ReplyReader:
    said = ("one two three in a row", "four five six in a row", "seven eight nine ten")
    return ReplyReader([_hit(text) for text in said], {}, drop_uncited)


def _streamed(text: str, size: int, reader: ReplyReader | None = None) -> list[Sentence]:
    reader = reader or _reader()
    found = []
    for start in range(0, len(text), size):
        found += list(reader.feed(text[start : start + size]))
    return found + list(reader.feed("", last=True))


def _read(text: str, size: int = 9) -> list[tuple[str, int]]:
    return [(sentence.text, len(sentence.citations)) for sentence in _streamed(text, size)]


def _written(sentences: list[Sentence]) -> str:
    """The message of /v1 that these sentences make, without the marks of citations."""
    writer = Writer("http://service.example", russian=True)
    for sentence in sentences:
        writer.sentence(Said(sentence, ()), quoted=False)
    return writer.text


def _acting(markdown: str) -> list[tuple[str, str]]:
    """(element, attribute) of what would run, load or lead away in a program that renders Markdown, HTML included."""
    found: list[tuple[str, str]] = []

    class Page(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.extend((tag, "") for _ in range(tag in _RUNNING))
            found.extend((tag, name) for name, _ in attrs if name.startswith("on") or name in _LEADING)

    page = Page()
    page.feed(_RENDERED.render(markdown))
    page.close()
    return found


# --- safe as a whole ------------------------------------------------------------------------------------------

_CUT = [
    "Смотри тип <xss\nautofocus tabindex=1 onfocus=alert(document.domain)>текст на слайде [1]. Конец [2].",
    "Смотри <foo\nonclick=alert(1)\n>текст [1].",
    'Смотри List<List\nonclick="alert(1)">текст [1].',
    "Смотри <bar\nsrc=x\nonerror=alert(1)>x текст [1].",
    "Смотри <bar. Onclick=alert(1) x. Конец> текст [1].",
    'Смотри <bar a="\n>\n" onclick=alert(1)>текст [1].',
    "Смотри `i <bar` onclick=alert(1) > текст [1].",
    "Смотри $<bar$ onclick=alert(1)> текст [1].",
    "Смотри $a <b$ и a\n style=position:fixed > текст [1].",
    "Смотри [текст\n](/logout) и дальше [1].",
]
_LIVE = re.compile(r"<[a-zA-Z][^>]*[\s/\"'](?:on\w+|style|href)\s*=[^>]*>|\]\(")


@pytest.mark.parametrize("reply", _CUT)
@pytest.mark.parametrize("size", [1, 7, 500])
def test_what_is_cut_into_sentences_comes_together_as_no_element(reply: str, size: int) -> None:
    sentences = _streamed(reply, size)
    assert any("текст" in sentence.text for sentence in sentences)
    assert _acting(_written(sentences)) == []
    for end in range(1, len(sentences) + 1):
        whole = " ".join(sentence.text for sentence in sentences[:end])
        assert not _LIVE.search(whole), whole


def test_a_sign_in_quotation_marks_ends_no_element() -> None:
    whole = WholeText()
    said = [whole.add(text) for text in ("тип foo<bar a=", '"> текст.', '" onclick=alert(1)', "> конец")]
    assert said == ["тип foo<bar a=", '"> текст.', '" onclick=alert(1)', "  конец"]


def test_three_hundred_attacks_cut_into_sentences_leave_nothing_that_runs_or_leads_away() -> None:
    chance = random.Random(31)
    for _ in range(300):
        parts = [part for attack in chance.sample(ATTACKS, 3) for part in re.split(r"(?<=[ =>])", attack)]
        reply = "".join(f"{part}{chance.choice(['', '', chr(10), '. Ещё '])}" for part in parts)
        sentences = _streamed(f"Слово {reply} [1].", chance.randint(1, 30))
        whole = " ".join(sentence.text for sentence in sentences)
        assert not _LIVE.search(whole), (reply, whole)
        written = _written(sentences)
        assert _acting(written) == [], (reply, written)
        assert "evil.example" not in re.sub(r"`[^`\n]*`", "", whole), (reply, whole)


def test_a_comparison_is_no_element_and_stays() -> None:
    text = "Если i<n и a <b, то src = y растёт. Тогда src = f(x) и style > 0 при j>i."
    assert " ".join(said for said, _ in _read(text)) == text
    assert len(_read(text)) == 2


# --- addresses, and names of code that look like them ---------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "EVIL.COM",
        "Evil.Com",
        "eViL.cOm",
        "EVIL.RU",
        "Evil.Example",
        "sub.EVIL.Io",
        r"\evil.com",
        ".EVIL.COM",
        "_evil.ru_",
        "__evil.com__",
        "*evil.com*",
        "evil.ruСмотри",
    ],
)
def test_names_of_hosts_outside_code_go_whatever_their_case(address: str) -> None:
    assert "evil" not in clean_reply(f"before {address} after").lower()


@pytest.mark.parametrize("name", ["math.pi", "train.py", "model.pt", "keras.io", "README.md", "config.in", "loss.it"])
def test_names_in_code_stay_though_they_could_be_hosts(name: str) -> None:
    assert clean_reply(f"Импортируйте `{name}` так") == f"Импортируйте `{name}` так"
    assert _written([Sentence(clean_reply(f"Импортируйте `{name}` так"), ())]) == f"Импортируйте `{name}` так"


@pytest.mark.parametrize("name", ["train.py", "README.md", "model.pt", "keras.io", "self.name", "x.to", "np.io(x)"])
def test_names_of_code_outside_of_it_are_given_as_code_which_nobody_links(name: str) -> None:
    assert (
        clean_reply(f"Запустите {name} там")
        == f"Запустите `{name.removesuffix('(x)')}`{name[len(name.removesuffix('(x)')) :]} там"
    )


def test_names_that_end_as_no_host_does_stay_as_they_are() -> None:
    for name in ("math.pi", "nn.Module", "torch.nn.functional.dropout", "df.loc"):
        assert clean_reply(f"Это {name} там") == f"Это {name} там"


def test_a_blank_that_is_missing_between_sentences_takes_no_words_away() -> None:
    assert clean_reply("A deep layer.In the end, by A.Ng there") == "A deep layer. In the end, by A. Ng there"


@pytest.mark.parametrize(
    "text", ["слово ` и `evil.com`", "слово \\`evil.com`", "`a`<b onclick=x>`evil.com`", "``evil.com`"]
)
def test_what_is_taken_for_code_is_code_for_everybody(text: str) -> None:
    shown = _RENDERED.render(_written([Sentence(clean_reply(text), ()), Sentence(clean_reply("ещё ` и"), ())]))
    assert "evil.com" not in re.sub(r"<code>[^<]*</code>", "", shown)


# --- signs ----------------------------------------------------------------------------------------------------

_LINES = [
    "template<typename T> T f(T x)",
    "template<class T, int N = 5> struct A",
    "токены <s> and </s> там",
    "токены <EOS>, <unk> и </unk> там",
    "#include <vector>",
    "#include <map>",
    "Map<String, List<Integer>> m",
    "List<Object> и Array<Input>",
    "a*b*c и a * b",
    "2*3*4 = 24",
    "def __init__(self): pass",
    "x[1] = y[2] + 1",
    "A[1,2] + A[2, 1]",
    "f(x)[1] и W[1][2]",
    "funcs[0] = 5",
    "for (int i=0; i<n; i++)",
    "y = W.t + b_1",
    "$a <b = 2$ и $x_1$",
]


@pytest.mark.parametrize("line", [*SIGNS, *_LINES])
def test_lines_of_code_and_formulas_are_shown_as_they_stand_everywhere(line: str) -> None:
    sentences = _streamed(f"Пишут так: {line}", 11)
    assert sentences == [Sentence(f"Пишут так: {line}", ())]
    assert line in _written(sentences)


def test_a_block_of_code_stays_a_block_in_a_message() -> None:
    text = "Смотри код [1].\n```python\nx = a[1]\nif x < 2: print(x)\n```\nОн верен [2]."
    written = _RENDERED.render(_written(_streamed(text, 5)))
    assert '<pre><code class="language-python">x = a[1]\nif x &lt; 2: print(x)\n</code></pre>' in written
    assert written.endswith("<p>Он верен.</p>\n")


def test_a_block_of_code_within_a_sentence_stands_on_lines_of_its_own() -> None:
    text = clean_reply("Пишут: ```python\nx = 1``` и дальше")
    assert text == "Пишут: \n```python\nx = 1\n```\n и дальше"
    assert '<code class="language-python">x = 1\n</code>' in _RENDERED.render(_written([Sentence(text, ())]))


def test_a_block_of_code_that_was_cut_off_is_closed() -> None:
    assert _read("Смотри код [1].\n```\nx = a[1]\ny = x")[1] == ("```\nx = a[1]\ny = x\n```", 0)


# --- thoughts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "thought",
    [
        "<THINK>The user asks. Let me see [1].</THINK>",
        "<thinking>The user asks. Let me see [1].</thinking>",
        "<reasoning>\nThe user asks.\n</reasoning>\n",
        "<thought >The user asks.</thought>",
        "[THINK]The user asks. So.[/THINK]",
        "◁think▷The user asks. So.◁/think▷",
        "<|channel|>analysis<|message|>The user asks. So.<|end|><|start|>assistant<|channel|>final<|message|>",
        "analysisThe user asks. So.assistantfinal",
        "secret plan. Also secret.</think>",
        "secret plan. Also secret.</THINKING>\n",
    ],
)
@pytest.mark.parametrize("size", [1, 4, 500])
def test_thoughts_are_no_answer_however_they_are_marked(thought: str, size: int) -> None:
    assert _read(f"{thought}Ответ готов [1].", size) == [("Ответ готов.", 1)]


@pytest.mark.parametrize("size", [1, 4, 500])
def test_marks_of_thoughts_in_code_are_code(size: int) -> None:
    text = "Тег `<think>` открывает рассуждение [1]. Дальше `</think>` его закрывает [2]."
    assert _read(text, size) == [("Тег `<think>` открывает рассуждение.", 1), ("Дальше `</think>` его закрывает.", 1)]


def test_programs_that_leave_thoughts_out_show_the_mark_in_code() -> None:
    written = _written(_streamed("Тег `<think>` открывает [1]. И `</think>` закрывает [2].", 4))
    assert "<think>" not in written
    assert "<think>" in written.replace(_JOINT, "")


def test_a_stray_sign_does_not_make_code_of_a_thought() -> None:
    for thought in ("<think>secret one.\n secret</think>", "<think>secret one</think>"):
        said = " ".join(said for said, _ in _read(f"Знак ` тут. {thought}Ответ готов [1].", 3))
        assert said == "Знак тут. Ответ готов."


def test_sentences_that_were_said_turn_out_to_be_thoughts() -> None:
    reader = _reader()
    said = _streamed("It says one [1]. Then I say it.</think>Ответ готов [2].", 4, reader)
    assert [sentence.text for sentence in reader.without_thoughts(said)] == ["Ответ готов."]


# --- citations ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cited", "count"),
    [
        ("[[1]]", 1),
        ("[1](http://evil.example/a)", 1),
        ("[[1]](http://evil.example/a)", 1),
        ('[1](http://evil.example/a "title")', 1),
        ("[1; 2]", 2),
        ("[1;3]", 2),
    ],
)
@pytest.mark.parametrize("size", [1, 5, 500])
def test_citations_are_read_as_more_models_write_them(cited: str, count: int, size: int) -> None:
    assert _read(f"Ответ {cited}. Ещё слово.", size) == [("Ответ.", count), ("Ещё слово.", 0)]
    assert _read(f"Ответ. {cited} Ещё слово.", size) == [("Ответ.", count), ("Ещё слово.", 0)]


@pytest.mark.parametrize(
    "text", ["Слой обнуляет[1].", "The layer is zero[1]. ", "Слой[1] обнуляет.", "Зануление (маска)[1]."]
)
def test_a_citation_may_stand_close_to_its_word(text: str) -> None:
    assert [count for _, count in _read(text)] == [1]


@pytest.mark.parametrize(
    "text", ["слово x[1] = y[2]", "A[1,2] равно нулю", "слово x[1].", "вызов f(x)[1] + 2", "scores[1] + 5"]
)
def test_an_index_is_no_citation(text: str) -> None:
    assert _read(text) == [(text, 0)]


@pytest.mark.parametrize("said", ["NO ANSWER: the passages do not say it [1].", "NO ANSWER [1].", "**NO ANSWER** [1]"])
@pytest.mark.parametrize("drop_uncited", [False, True])
def test_no_answer_cites_nothing(said: str, drop_uncited: bool) -> None:
    (sentence,) = _streamed(said, 5, _reader(drop_uncited=drop_uncited))
    assert sentence.citations == ()
    assert sentence.text.startswith("NO ANSWER")


@pytest.mark.parametrize("text", ["Нужно ок. 5 слоёв сети", "Смотри прим. 3 ниже", "Ещё мин. 10 эпох"])
def test_no_sentence_ends_before_a_number(text: str) -> None:
    assert _read(f"{text} [1]. Конец.", 3) == [(f"{text}.", 1), ("Конец.", 0)]


# --- in a moment ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sign",
    [
        "<",
        "<a ",
        "<a",
        "`",
        "``a`",
        "[",
        "[1",
        "](",
        "x[1](",
        "<think>",
        "</think>",
        "`<think>",
        "a.",
        "@",
        "$a",
        "on=",
        "<|",
        "[1](",
        "*a",
        "_",
        "<!--",
        "a.py ",
        "\\",
    ],
)
def test_a_hostile_reply_is_read_in_a_moment(sign: str) -> None:
    started = process_time()
    _written(_streamed((sign * 8_000)[:8_000], 400))
    assert process_time() - started < 10  # it takes well under a second; what grows with the cube of it takes minutes
