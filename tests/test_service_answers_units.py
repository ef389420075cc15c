"""What can be quoted of a hit, and how answers of each kind are recognised."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import create_autospec

import numpy as np
import pytest

from index.search.search import SearchIndex
from index.text.analysis import find_terms, terms_of
from index.types import Hit, IndexedPassage, Kind, PagePlace, Snippet
from index.types.course import DeckKind
from service.answers.definitions import continues_title, defines
from service.answers.extractive import _pick, cite, extract_answer, read_units
from service.answers.formulas import formula_lines, shows_formula
from service.answers.kinds import announces
from service.answers.lines import is_garbled, is_reference, is_strewn, opened_in
from service.answers.notes import make_note
from service.answers.numbers import Numbers
from service.answers.qualified import qualified
from service.answers.sides import sides_of
from service.answers.types import Asked, Outcome
from service.answers.units import units_of


def _slide(text: str, title: str = "", page: int = 5) -> Hit:
    place = PagePlace(1, "a.pdf", DeckKind.SLIDES, page)
    passage = IndexedPassage("p", Kind.PAGE, title, text, "0", "c", "C", None, "ru", 1, 1, "L", "", None, place)
    return Hit(passage, 1.0, Snippet("", ()))


@pytest.mark.parametrize(
    ("suffix", "drawn", "shown"), [(".pdf", False, True), (".pptx", True, True), (".pptx", False, False)]
)
def test_a_formula_is_shown_where_its_page_has_a_picture(suffix: str, drawn: bool, shown: bool) -> None:
    slide = _slide("Momentum\nv = m v - a g", "Momentum").passage
    assert slide.page is not None
    drawn_page = replace(slide, place=replace(slide.page, suffix=suffix, drawn=drawn))
    assert shows_formula(drawn_page) is shown


def test_a_bullet_is_quoted_with_its_heading() -> None:
    hit = _slide("Dropout\nЗачем он нужен:\nне даёт положиться на один нейрон\nпохож на ансамбль сетей", "Dropout")
    first = units_of(hit, 0)[0]
    assert first.text.startswith("Зачем он нужен:\nне даёт положиться")


def test_titles_and_formulas_are_not_quoted() -> None:
    text = "LSTM\n( [ ; ] ) t f t t f f W h x b =+ σ −\nячейка помнит состояние долго\n2 22\ni ij j j"
    assert [unit.text for unit in units_of(_slide(text, "LSTM"), 0)] == ["ячейка помнит состояние долго"]


def test_a_quote_stands_word_for_word_in_its_page() -> None:
    hit = _slide("Adam\nИнерция и RMSProp вместе\nу каждого веса свой шаг\nпоправка на смещение в начале", "Adam")
    assert all(unit.quote in hit.passage.text for unit in units_of(hit, 0))


def test_the_cover_of_a_deck_is_not_quoted() -> None:
    assert units_of(_slide("Глубокое обучение\nкурс лекций весны этого года", "Глубокое обучение", page=1), 0) == []


@pytest.mark.parametrize(
    ("line", "garbled"),
    [
        ("w (t+1) = w (t) − η∇L (t) w (t)", True),
        ("1/ 1/ 1 1 11 1", True),
        ("η – темп обучения (learning rate)", False),
        ("Precision = TP / (TP + FP): how many of the found are right", False),
        ("Precision = TP / (TP + FP)", False),
        ("k = 1 – это жадный поиск", False),
        ("F1 = 2 * P * R / (P + R)", False),
        ("Градиент по логитам: p − y", False),
        ("DenseNet: 1 2 0 ([ , ]) i i z H z = −", True),
    ],
)
def test_garbled_formulas_are_told_from_sentences(line: str, garbled: bool) -> None:
    assert is_garbled(line) is garbled


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("F1 score\nF1 = 2PR / (P + R)", True),
        ("Adam\nw (t+1) = w (t) − η∇L (t) w (t)", True),
        ("Оси\n0 1 2 3 4 5 6 7", False),
        ("Код\nloss = F.cross_entropy(model(x), y)\nloss.backward()", False),
        ("Dropout\nслучайно обнуляем долю p активаций", False),
    ],
)
def test_pages_with_formulas_are_told_from_code_and_axes(text: str, holds: bool) -> None:
    assert (formula_lines(text) > 0) is holds


def test_publications_are_told_from_statements() -> None:
    assert is_reference("Kingma, Ba «Adam: A Method for Stochastic Optimization» // arXiv")
    assert is_reference("MNIST: кодировщик [Srivastava, 2014]")
    assert not is_reference("Adam хранит среднее градиентов и их квадратов")


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("Эпоха – один проход по всей выборке", 1.0),
        ("По горизонтали откладываем по порядку эпоху – так видно рост", 0.6),
        ("эпоха", 0.0),
        ("сейчас мы поговорим о том, что такое эпоха: это важное слово", 0.0),
        ("один проход по всей выборке, и он называется эпоха", 0.8),
    ],
)
def test_a_definition_begins_with_its_name(text: str, share: float) -> None:
    weights = {"эпох": 3.0}
    assert defines(text, find_terms(text, weights), weights, 3.0) == share


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("so a latent variable is an extra variable that nobody gives you", 1.0),
        ("all weights of one map are forced to be equal, and that's called a latent variable", 0.8),
        ("let me talk about what a latent variable is the way others do", 0.0),
        ("a latent variable is the topic of the next lecture, not of this one", 0.0),
        ("I will talk about a latent variable: a latent variable is a thing that nobody observes", 1.0),
        ("a latent variable is a little irrelevant for now", 0.0),
        ("a variable is a name for a number that changes", 0.0),
    ],
)
def test_what_promises_a_definition_or_defines_another_name_defines_nothing(text: str, share: float) -> None:
    weights = {"latent": 3.0, "variabl": 2.0}
    assert defines(text, find_terms(text, weights), weights, 5.0) == share


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        ("чем gru отличается от lstm?", ("gru", "lstm")),
        ("в чем разница между l1 и l2", ("l1", "l2")),
        ("difference between bagging and boosting?", ("bagging", "boosting")),
        ("что такое dropout", None),
    ],
)
def test_both_sides_of_a_comparison_are_found(question: str, sides: tuple[str, str] | None) -> None:
    assert sides_of(question) == sides


@pytest.mark.parametrize(
    ("line", "is_label"),
    [
        ("Траектория метода оптимизации Nadam", True),
        ("CIFAR: свёрточная сеть с тремя слоями и 64 фильтрами", True),
        ("ошибка на отложенной выборке в зависимости от эпохи", True),
        ("Learning curve of a small network", True),
        ("Метод сглаживает шаги по накопленной инерции", False),
        ("Nadam – Adam с ускорением по Нестерову", False),
        ("Идея: среднее по нескольким прошлым шагам", False),
        ("The step is averaged over the last ones", False),
        ("случайное обнуление активаций\nтолько во время обучения сети", False),
    ],
)
def test_a_line_alone_of_which_nothing_is_said_is_the_label_of_a_picture(line: str, is_label: bool) -> None:
    first = units_of(_slide(f"Nadam\n{line}\nw = w − η∇L", "Nadam"), 0)[0]
    assert first.is_label is is_label
    assert (first in read_units([first.hit], Asked.DEFINITION, {})) is not is_label
    assert first in read_units([first.hit], Asked.FACT, {})


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        # a formula stood there
        ("Шаги делятся на накопленную норму, т.е.\nw = w − η∇L", "Шаги делятся на накопленную норму"),
        ("The norm of the steps is added up, i.e.\nw = w − η∇L", "The norm of the steps is added up"),
        ("Новый вес получают вычитанием из\nw = w − η∇L", "Новый вес получают вычитанием"),
        # it goes on: an abbreviation ends no sentence, nor does a line of prose that was full
        (
            "Здесь совмещены инерция и нормировка, т.е. Nadam берёт\nот каждого метода лучшее.",
            "Здесь совмещены инерция и нормировка, т.е. Nadam берёт\nот каждого метода лучшее.",
        ),
        (
            "Можно предположить, что если бы метод помнил инерцию\nпосле крутого спуска, он дошёл бы до минимума.\n"
            "Строка, которую перенос слова сделал много длиннее всех остальных строк этой страницы лекции.",
            "Можно предположить, что если бы метод помнил инерцию\nпосле крутого спуска, он дошёл бы до минимума.",
        ),
    ],
)
def test_a_quote_ends_where_something_has_been_said(text: str, quoted: str) -> None:
    first = units_of(_slide(f"Nadam\n{text}", "Nadam"), 0)[0]
    assert first.quote.startswith(quoted)
    assert not first.quote.endswith(("т.е.", "i.e.", "из", "инерцию"))


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        # a full stop behind an initial or an abbreviation ends no sentence
        (
            "Метод Nadam описал Т. Миколов и затем проверил на деле",
            "Метод Nadam описал Т. Миколов и затем проверил на деле",
        ),
        ("We follow J. Smith and his students here.", "We follow J. Smith and his students here."),
        # what is opened is closed, or left out
        (
            "Термин введён в статье «Contextualized\nWord Vectors of Languages»\nw = w − η∇L",
            "Термин введён в статье «Contextualized\nWord Vectors of Languages»",
        ),
        ("Есть выход – выборка по плану (S. Bengio\nw = w − η∇L", "Есть выход – выборка по плану"),
        # a publication says nothing itself
        ("Метод сглаживает шаги\nAndrew G. Howard et. al. «MobileNets for Vision»", "Метод сглаживает шаги"),
        ("GPT вышла в 2018\nиз OpenAI за 240 дней", "GPT вышла в 2018\nиз OpenAI за 240 дней"),
    ],
)
def test_a_quote_is_cut_in_no_reference_and_at_no_initial(text: str, quoted: str) -> None:
    assert units_of(_slide(f"Nadam\n{text}", "Nadam"), 0)[0].quote == quoted


@pytest.mark.parametrize(
    ("text", "opened"),
    [
        ("метод (см. ниже) и [Mikolov", 19),
        ("«Long short-term memory» (1997)", None),
        ("a) первое; б) второе ;)", None),
        ("(a [b) c", 0),
    ],
)
def test_what_is_opened_and_not_closed_is_found(text: str, opened: int | None) -> None:
    assert opened_in(text) == opened


@pytest.mark.parametrize(
    ("page", "goes_on"),
    [
        ("– метод, который сглаживает шаги\nпо накопленной инерции", True),
        ("это способ сгладить шаги", True),
        ("– быстро\n– устойчиво", False),
        ("– выбор темпа – открытый вопрос", False),
        ("сглаживает шаги", False),
    ],
)
def test_a_line_below_a_title_may_go_on_with_it(page: str, goes_on: bool) -> None:
    assert continues_title(page, f"Nadam\n{page}") is goes_on


def test_the_best_place_is_one_that_does_more_than_promise() -> None:
    promise = replace(_slide("x", page=3), snippet=Snippet("next time we will talk about GANs", ()))
    told = replace(_slide("x", page=7), snippet=Snippet("a GAN learns from its critic", ()))
    assert make_note(Outcome.PLACE, [promise, told], russian=False) == "This is explained best here: «L» (1), page 7."
    assert make_note(Outcome.PLACE, [promise], russian=False) == "This is mentioned here: «L» (1), page 3."


def test_a_numbered_list_is_quoted_with_the_question_that_it_answers() -> None:
    hit = _slide("Регуляризация\nЗачем она нужна?\n1. Меньше переобучение\n2. Проще модель для вывода", "Регуляризация")
    assert units_of(hit, 0)[0].text == "Зачем она нужна?\n1. Меньше переобучение\n2. Проще модель для вывода"


def test_a_question_of_a_slide_alone_is_no_quote() -> None:
    hit = _slide("Регуляризация\nпочему она помогает малым выборкам?\n2 22\ni ij j j + = −", "Регуляризация")
    assert units_of(hit, 0) == []


def test_lines_of_code_are_quoted_where_they_show_how() -> None:
    code = "# замораживаем слои\nfor p in net.parameters():\n    p.requires_grad = False"
    hit = _slide(f"Дообучение\nновые слои учат с большим темпом\n{code}", "Дообучение")
    quoted = [unit.text for unit in read_units([hit], Asked.STEPS, {"слой": 1.0})]
    assert code in quoted
    assert all(code not in unit.text for unit in read_units([hit], Asked.DEFINITION, {"слой": 1.0}))


def test_a_quote_of_code_says_so() -> None:
    hit = _slide("Дообучение\nnet.fc = nn.Linear(512, 10)\nnet.train()", "Дообучение")
    units = [unit for unit in read_units([hit], Asked.STEPS, {"net": 1.0}) if unit.piece.is_code]
    _, (citation,) = cite(units, Numbers(()))
    assert (citation.quote, citation.code) == ("net.fc = nn.Linear(512, 10)\nnet.train()", True)


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        ("Сравните VGG и ResNet по числу слоёв: что глубже?", ("VGG", "ResNet")),
        ("сравните обучение по батчам и обучение по примерам", ("обучение по батчам", "обучение по примерам")),
        ("чем view отличается от reshape и когда первый падает", ("view", "reshape")),
        ("difference between L1 and L2 in terms of sparsity", ("L1", "L2")),
        ("Сравните два вида word2vec — CBOW и skip-gram", ("CBOW", "skip-gram")),
        ("Сравните жёсткое (hard) и мягкое (soft) внимание", ("жёсткое", "мягкое внимание")),
        ("сравните инициализации Xavier и He", ("инициализации Xavier", "He")),
        ("squad 2.0 чем от первого отличается", ("squad 2.0", "первого")),
        # three things are no two, and a clause is none
        ("Сравните BLEU, ROUGE и METEOR", None),
        ("почему у свёрточной сети так мало весов по сравнению с полносвязной", None),
    ],
)
def test_what_is_compared_is_told_from_by_what_and_what_else_is_asked(
    question: str, sides: tuple[str, str] | None
) -> None:
    assert sides_of(question) == sides


def test_a_title_as_long_as_a_sentence_can_be_quoted() -> None:
    title = "Приём обучения (teacher forcing) вместо выхода модели на прошлом шаге подаём ей истинную метку"
    assert [unit.text for unit in units_of(_slide(title, title), 0)] == [title]
    assert units_of(_slide("Приём обучения (teacher forcing)", "Приём обучения (teacher forcing)"), 0) == []


def test_a_short_line_that_says_something_of_what_was_asked_is_news() -> None:
    hit = _slide("Оценка\nПерплексия (perplexity)\nдолжна быть как можно меньше", "Оценка")
    weights = {"перплекс": 1.0, "perplex": 1.0}
    assert read_units([hit], Asked.DEFINITION, weights)[0].text.startswith("Перплексия")


def test_an_attribute_is_asked_of_a_thing_within_one_question() -> None:
    assert qualified("what is the loss of a VAE") is not None
    assert qualified("В чём состоит обмен весами? Какие у него недостатки?") is None
    assert qualified("что такое перплексия и в какую сторону её менять") is None
    assert qualified("зачем в свёртке нужен шаг") is None


@pytest.mark.parametrize(("asked", "quoted"), [(Asked.FACT, True), (Asked.PERSON, False)])
def test_the_best_hit_is_quoted_though_others_hold_more_of_the_words(asked: Asked, quoted: bool) -> None:
    best = _slide("Дегенерация текста\nМодель повторяется и не может остановиться", "Дегенерация текста")
    other = replace(_slide("Фраза\nтермин фразы предложил Иван Петров в 1990 году", "Фраза", 6), score=0.9)
    index = create_autospec(SearchIndex, instance=True)
    index.similarities.side_effect = lambda _query, texts, _passages: [0.5] * len(texts)
    weights = {"фраз": 1.0}
    _, citations, _ = extract_answer(index, "кто предложил фразу", asked, [best, other], weights, Numbers(()))
    assert citations[0].hit is other
    assert any(citation.hit is best for citation in citations) is quoted


def test_the_best_hit_costs_no_quote_where_it_has_nothing_to_say_and_answers_nothing_by_itself() -> None:
    index = create_autospec(SearchIndex, instance=True)
    index.similarities.side_effect = lambda _query, texts, _passages: [0.5] * len(texts)
    said = (
        "фраза повторяется без всякого конца",
        "каждая фраза нормируется на свою длину",
        "эта фраза переводится по словарю",
        "лучшая фраза выбирается лучевым поиском",
    )
    others = [_slide(f"Тема\n{text}", "Тема", page) for page, text in enumerate(said, 6)]
    label = _slide("Заголовок", "Заголовок")
    weather = _slide("Погода\nСегодня идёт сильный дождь и дует ветер", "Погода")

    def quoted(hits: list[Hit]) -> list[str]:
        _, citations, _ = extract_answer(index, "какая фраза стоит", Asked.FACT, hits, {"фраз": 1.0}, Numbers(()))
        return [citation.hit.passage.title for citation in citations]

    assert quoted([label, *others]) == ["Тема"] * 4
    assert quoted([weather]) == []
    assert "Погода" not in quoted([weather, *others])  # four others say more of it
    # found by more than its words, it stands there too
    assert quoted([weather, *others[:3]]) == ["Тема", "Тема", "Тема", "Погода"]
    index.similarities.side_effect = lambda _query, texts, _passages: [0.1] * len(texts)
    assert quoted([weather, *others]) == ["Тема"] * 4


@pytest.mark.parametrize(("asked", "quoted"), [(Asked.FACT, True), (Asked.STEPS, True), (Asked.REASON, False)])
def test_a_fact_is_quoted_from_the_best_two_hits_in_whatever_words_they_say_it(asked: Asked, quoted: bool) -> None:
    said = (
        "фраза, перевод, отбор лучом: сначала нужно открыть словарь целиком",
        "сначала отбор лучом, чтобы перевод фразы оказался короче вдвое",
        "чтобы перевод сошёлся, затем отбор лучом сравнивает каждая фраза сумму",
        "потом фраза получает перевод, чтобы отбор лучом закончил шаги сети",
        "далее перевод; фраза, отбор лучом, чтобы память видеокарты экономить",
    )
    others = [_slide(f"Перевод\n{line}", "Перевод") for line in said]
    best, *rest = (replace(hit, passage=replace(hit.passage, id=f"p{i}")) for i, hit in enumerate(others))
    second = _slide("Оценка\nчтобы ответ не был короче образца, берут штраф: фраза", "Оценка")
    second = replace(second, passage=replace(second.passage, id="second"))
    hits = [replace(best, score=1.0), replace(second, score=0.5), *(replace(hit, score=0.95) for hit in rest)]
    weights = {"фраз": 1.0, "перевод": 1.0, "отбор": 1.0, "луч": 1.0}
    assert any("штраф" in quote for quote in _quoted("фраза перевод отбор лучом", asked, hits, weights)) is quoted


def _quoted(query: str, asked: Asked, hits: list[Hit], weights: dict[str, float]) -> list[str]:
    index = create_autospec(SearchIndex, instance=True)
    index.similarities.side_effect = lambda _query, texts, _passages: [0.5] * len(texts)
    _, citations, _ = extract_answer(index, query, asked, hits, weights, Numbers(()))
    return [citation.quote for citation in citations]


def test_behind_a_definition_stands_only_what_is_nearly_as_good() -> None:
    weights = {"фраз": 1.0}
    defined = _slide("Фраза\nФраза – это ряд слов, сказанных на одном дыхании", "Фраза")
    beside = _slide("Разное\nТакая фраза встречалась каждому студенту нашего курса", "Разное", 6)
    weaker = replace(beside, score=0.5)
    assert len(_quoted("что такое фраза", Asked.DEFINITION, [defined, weaker], weights)) == 1
    assert len(_quoted("какая бывает фраза", Asked.FACT, [defined, weaker], weights)) == 2


def test_of_a_passage_that_says_again_what_is_quoted_nothing_is() -> None:
    weights = {"фраз": 1.0, "длин": 1.0}
    first = _slide("Перевод\nфраза нормируется на свою длину степенью альфа", "Перевод")
    aside = "\n\nОднажды фраза перелетела над далёким синим морем."
    again = _slide(f"Речь\nКаждая фраза нормируется на свою длину степенью альфа.{aside}", "Речь", 6)
    other = _slide(f"Речь\nСамая странная фраза бывает в длину короче любого слова.{aside}", "Речь", 6)
    assert len(_quoted("фраза и длина", Asked.FACT, [first, again], weights)) == 1
    assert len(_quoted("фраза и длина", Asked.FACT, [first, other], weights)) == 2


def test_what_only_says_what_will_be_told_is_a_poor_quote() -> None:
    assert announces("План лекции такой. Сначала разберёмся, что такое фраза. Потом поговорим про абзац.", 19)
    assert announces("First, a plan. Today we will discuss phrases. Then we will talk about words.", 14)
    assert announces("Потом поговорим про абзац. Итак, фраза. Это ряд слов.", 26)
    assert not announces("Сначала матрица. Потом поговорим про абзац.", 16)
    assert not announces("A phrase is a row of words. Today we'll talk about phrases.", 27)
    told = _slide("Лекция\nСначала обсудим фразу. Потом поговорим про абзац и главу.", "Лекция")
    said = replace(_slide("Лекция\nВ ней фраза стоит позади абзаца и главы.", "Лекция", 6), score=0.8)
    assert _quoted("какая фраза", Asked.FACT, [told, said], {"фраз": 1.0})[0] in said.passage.text


@pytest.mark.parametrize("line", ["Precision = TP / (TP + FP)", "• softmax(z)_i = exp(z_i) / Σ exp(z_j)"])
def test_a_formula_that_can_be_read_is_quoted_where_one_is_asked_for(line: str) -> None:
    name = line.lstrip("• ").replace("(", " ").split()[0]
    hit = _slide(f"{name}\n• {name} превращает числа в вероятности\n{line}\n• Ещё одно слово о {name} здесь", name)
    index = create_autospec(SearchIndex, instance=True)
    index.similarities.side_effect = lambda _query, texts, _passages: [0.5] * len(texts)
    weights = dict.fromkeys(terms_of(name), 1.0)
    _, citations, _ = extract_answer(index, f"формула {name}", Asked.FORMULA, [hit], weights, Numbers(()))
    assert line.lstrip("• ") in citations[0].quote.split("\n")[0]


@pytest.mark.parametrize(
    "line",
    [
        "net = nn.Linear(10, 5)",
        "h = self.fc(x)",
        "self.lr = lr",
        "loss = loss / accum_steps",
        "batch_size = 32",
        "lr = 0.001",
    ],
)
def test_what_is_assigned_in_code_is_no_formula(line: str) -> None:
    page = _slide(f"Сеть\nСлои сети задаются по одному\n{line}", "Сеть")
    assert [unit.text for unit in units_of(page, 0)] == ["Слои сети задаются по одному"]
    how = units_of(_slide(f"Сеть\nnet = Net()\n{line}\nnet.train()", "Сеть"), 0, code=True)
    assert line in next(unit.text for unit in how if unit.piece.is_code)


def test_lines_of_code_that_are_as_long_as_prose_are_no_prose() -> None:
    code = (
        "from keras.layers.normalization import Normalized\nnorm = Normalized(axis=1)(source) # that is applied to it"
    )
    page = _slide(f"Норма\n{code}\nНорма держит среднее около нуля", "Норма")
    assert [unit.text for unit in units_of(page, 0)] == ["Норма держит среднее около нуля"]


def test_how_something_works_is_not_told_by_a_programme() -> None:
    page = _slide("Норма\nnorm = Normalized(axis=1)\nnorm.fit(data)\nТакая норма держит среднее около нуля", "Норма")
    assert _quoted("как работает норма", Asked.STEPS, [page], {"норм": 1.0}) == [
        "Такая норма держит среднее около нуля"
    ]
    assert any("norm.fit" in quoted for quoted in _quoted("как применить норму", Asked.STEPS, [page], {"норм": 1.0}))


def test_an_aside_alone_is_no_quote() -> None:
    page = _slide("Норма\n(BERT of Google, GPT of OpenAI)\n2 22\ni ij j j + = −", "Норма")
    assert units_of(page, 0) == []


@pytest.mark.parametrize(
    ("text", "strewn"),
    [
        ("—— sentiment analysis | winograd schema | 95", True),
        ("Light Ray Image Light Ray Plane Light Ray Image Light Ray Plane", True),
        ("the loss falls and the accuracy grows with each epoch of training", False),
    ],
)
def test_labels_of_a_picture_are_told_from_statements(text: str, strewn: bool) -> None:
    assert is_strewn(text) is strewn


def test_no_quote_begins_behind_an_initial() -> None:
    page = _slide("Nadam\nЭтот метод описал Т. Миколов и затем проверил на деле", "Nadam")
    assert [unit.text for unit in units_of(page, 0)] == ["Этот метод описал Т. Миколов и затем проверил на деле"]


def test_a_quote_goes_on_to_where_its_quotation_is_closed() -> None:
    said = "Метод сглаживает шаги по накопленной инерции, что видно по всем кривым. " * 3
    opened = "Авторы пишут «метод устойчив на всех выборках, какие были взяты для проверки"
    page = _slide(
        f"Nadam\n{said}{opened}\nИ даже на зашумлённых, каких в обычной жизни не встретить почти никому»\nДругая строка",
        "Nadam",
    )
    assert units_of(page, 0)[0].quote.endswith("никому»")


def test_of_two_quotes_of_a_page_the_better_one_comes_first() -> None:
    filler = "\n".join(
        f"Строка номер {number} говорит о погоде и ничего больше не добавляет сюда" for number in range(12)
    )
    early, late = "Фраза повторяется без всякого конца", "Термин фразы переводится по общему словарю"
    page = _slide(f"Тема\n{early}\n{filler}\n{late}", "Тема")
    index = create_autospec(SearchIndex, instance=True)
    index.similarities.side_effect = lambda _query, texts, _passages: [0.5] * len(texts)
    weights = {"фраз": 1.0, "термин": 1.0}
    _, citations, _ = extract_answer(index, "какой термин у фразы", Asked.FACT, [page], weights, Numbers(()))
    assert [early in citation.quote for citation in citations] == [False, True]
    assert late in citations[0].quote


def test_a_definition_takes_no_place_from_what_stands_beside_it() -> None:
    """The second of three is put as a definition, which gained it .6: the best without that is worth 1.5."""
    texts = ("one says something of its own", "two is another thing altogether", "three tells what nobody said")
    units = [units_of(_slide(text, page=page + 2), page)[0] for page, text in enumerate(texts)]
    assert _pick(units, np.array([1.5, 1.2, 1.1]), [0, 1, 2], 0.6, best=1.5) == [0, 1, 2]
    assert _pick(units, np.array([1.5, 1.2, 0.8]), [0, 1, 2], 0.6, best=1.5) == [0, 1]
