"""Notes that were written as Markdown or HTML → the text of their sections: code, lists, pictures, links, templates."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.catalogue.markdown import render_markdown
from ingest.catalogue.sections import read_sections
from ingest.catalogue.templates import without_templates
from ingest.documents import DocumentReader


def sections(markdown: str, *, is_built: bool = False) -> list[tuple[str, str]]:
    return read_sections(render_markdown(without_templates(markdown, is_built=is_built)))


def body(markdown: str, *, is_built: bool = False) -> list[str]:
    """The lines of the only section."""
    ((_, text),) = sections(markdown, is_built=is_built)
    return text.split("\n")


def test_code_keeps_its_lines_and_how_far_in_they_begin() -> None:
    assert body(
        "Clean up so:\n\n```bash\ncleanup() {\n    rm -f x   # all\n\n}\ntrap cleanup EXIT\n```\nThat is it.\n"
    ) == [
        "Clean up so:",
        "```",
        "cleanup() {",
        "    rm -f x   # all",
        "}",
        "trap cleanup EXIT",
        "```",
        "That is it.",
    ]


def test_code_that_is_set_in_or_stands_in_a_list_is_code_too() -> None:
    assert body("Do:\n\n    first\n      second\n") == ["Do:", "```", "first", "  second", "```"]
    assert body("1. One\n\n   ```\n   ls -l\n   ```\n\n2. Two\n") == ["1. One", "```", "ls -l", "```", "2. Two"]


def test_code_on_a_page_has_no_numbers_of_lines_and_no_fences_of_its_own() -> None:
    ((_, text),) = read_sections("<h2>A</h2><pre>1\n2</pre><pre>a<br>b</pre><pre>~~~\n```\nx</pre>")
    assert text == "```\na\nb\n```\n```\n~~~\n ```\nx\n```"


def test_lists_keep_their_numbers_and_what_stands_in_what() -> None:
    assert body("3. Train\n4. Choose:\n   - the best\n     1. by accuracy\n   - the fastest\n\nAfter step 4.\n") == [
        "3. Train",
        "4. Choose:",
        "  the best",
        "    1. by accuracy",
        "  the fastest",
        "After step 4.",
    ]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a\n\n{% comment %}\nhidden\n\n```\ncode\n```\n{% endcomment %}\n\nb\n", ["a", "b"]),
        ("a {%- comment -%} hidden {%- endcomment -%} b", ["a b"]),
        ("a\n<!-- hidden\n\n# heading -->\nb\n", ["a", "b"]),
        ("{% include note.html %}a {{ page.title }}b {{ 'x' | upcase }}c {{ site.baseurl }}", ["a b c"]),
        ("{% if x %}\nshown\n{% endif %}\n", ["shown"]),
        ("{% raw %}{{ a.b }}{% endraw %} is a value", ["{{ a.b }} is a value"]),
        ("Use `{{ a.b }}` here.", ["Use {{ a.b }} here."]),
        ("$\\mathbf{{x.y}}$ and $x^{{a.b}}$", ["$\\mathbf{{x.y}}$ and $x^{{a.b}}$"]),
        (
            "```yaml\nkey: ${{ secrets.KEY }}\nx: {{ a.b }}\n{% if x %}\n```\n",
            ["```", "key: ${{ secrets.KEY }}", "x: {{ a.b }}", "{% if x %}", "```"],
        ),
        (
            "Set `KEY: ${{ secrets.KEY }}` or ${{ secrets.KEY }}.",
            ["Set KEY: ${{ secrets.KEY }} or ${{ secrets.KEY }}."],
        ),
        ("{% highlight python %}\nx = 1\n{% endhighlight %}\n", ["```", "x = 1", "```"]),
        ("{% comment %} never closed\n\nshown\n", ["never closed", "shown"]),
        ("Text\n{: .no_toc}\n", ["Text"]),
    ],
)
def test_what_only_the_builder_of_a_site_reads_is_left_out(written: str, read: list[str]) -> None:
    assert body(written, is_built=True) == read


@pytest.mark.parametrize(
    "written",
    [
        "> ```\n> {{ a.b }}\n> ```",
        "> - x\n>\n>                   ```\n>                   {{ a.b }}\n>                   ```",
        "1. ```\n   {{ a.b }}\n   ```",
        "$\\left( {{a | b}} \\right)$ and $P({{A | B}})$.",
        "$$\n{{x | y}}\n$$",
    ],
)
def test_code_and_formulas_keep_what_looks_like_a_template(written: str) -> None:
    assert without_templates(written, is_built=True) == written
    after = f"{written}\n\n{{% include x.html %}}"
    assert without_templates(after) == f"{written}\n\n"


def test_code_in_a_line_opens_no_fence() -> None:
    for written in ("Text ```inline``` more", "```inline``` and text"):
        code = "```\ncode {{ x.y }}\n```\n"
        assert without_templates(f"{written}\n\n{{% include a.html %}}\n\n{code}") == f"{written}\n\n\n\n{code}"


@pytest.mark.parametrize(
    "written",
    [
        "Jinja: write {% if x %} to test, {{ user.name }} to say.",
        "Vue shows {{ count }} and {{ item.name | upper }}.",
        'Django: {% include "a.html" %} and {% for a in b %}.',
        "P({{A | B}}) is given.",
        "```\n{% include a.html %}\n```\nshows {{ a.b }} so.",
    ],
)
def test_a_page_that_no_builder_reads_keeps_what_it_says_of_templates(written: str) -> None:
    assert without_templates(written) == written


def test_a_tag_of_a_builder_says_that_it_reads_the_page() -> None:
    assert without_templates("{% include a.html %}\na {{ page.title }}b {% if x %}c") == "\na b c"


def test_verse_and_letters_that_are_set_as_typed_are_prose() -> None:
    verse = "Roses are red in the morning,\nand white in the evening of May."
    assert read_sections(f"<p>a</p><pre>{verse}</pre>") == [("", f"a\n{verse}")]
    far = "This is a paragraph that is far in, and says something."
    assert body(f"a\n\n    {far}\n\nb\n") == ["a", far, "b"]
    fenced = "```\n{}\n```"
    for code in ("ls -l", "first\n  second", "take all of the words, then do\nx = f(y)", "git add all of it"):
        assert read_sections(f"<pre>{code}</pre>") == [("", fenced.format(code))]
    assert read_sections(f"<pre class='output'>{far}</pre>") == [("", fenced.format(far))]
    assert body(f"```\n{far}\n```\n") == fenced.format(far).split("\n")  # fences say that it is code


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("![metrics_table.png](images%2Fmetrics_table.png) a", ["a"]),
        ("![image](x.png)\n\n![Image 3](y.png) a", ["a"]),
        ("![TPR_FPR](i/TPR_FPR.png?raw=1) a", ["a"]),
        ("![An LSTM cell](lstm.png)", ["An LSTM cell"]),
        ("![Local forwarding](a.png)\n**Local forwarding**\n", ["Local forwarding"]),
        ("![Local forwarding](a.png)\n\n*Local forwarding:*\n", ["Local forwarding:"]),
        ("<img alt='A cell' src=a.png><br>\nFigure 1: a cell\n", ["Figure 1: a cell"]),
    ],
)
def test_pictures_say_what_they_are_called_once_and_not_their_files(written: str, read: list[str]) -> None:
    assert body(written) == read


def test_a_line_of_links_that_say_nothing_is_left_out() -> None:
    assert body("Some good reads:\n\n- [this](http://a.b)\n- [here](http://a.b)\n- [On tries](http://a.b)\n") == [
        "Some good reads:",
        "On tries",
    ]
    assert body("[Slides](s) | [Video](v)\n\nThis is a text about [slides](s).\n") == ["This is a text about slides."]


def test_a_section_that_only_leads_to_its_neighbours_is_empty_and_keeps_its_place() -> None:
    found = sections(
        "# Trees\ntext\n## Navigation\n- [Course](../)\n- Previous: [Forests](01-forests.md)\n"
        "## Reading\n- [Forests](01-forests.md)\n- [A paper](http://a.b/c)\n"
    )
    assert found == [("Trees", "text"), ("Navigation", ""), ("Reading", "Forests\nA paper")]


def test_templates_are_read_in_time_that_grows_with_the_text() -> None:
    for hostile in (
        "{% comment %}",
        "{{ ",
        "{% ",
        "`",
        "```\n",
        "<pre",
        "{: .",
        "{{ a",
        "$",
        "$$ ",
        "$a",
        "> ",
        "- ",
        "```a`",
    ):
        without_templates(hostile * 100_000 + "{% endcomment", is_built=True)


def test_front_matter_says_that_a_builder_reads_a_page(tmp_path: Path) -> None:
    said = "Write {% if x %} to test.\n"
    reader = DocumentReader()
    try:
        for name, front, read in (("a", "---\nlayout: x\n---\n", "Write to test."), ("b", "", said.strip())):
            (tmp_path / name).write_text(front + said, "utf-8")
            assert [page.text for page in reader.read(tmp_path / name, ".md").pages] == [read]
    finally:
        reader.close()
