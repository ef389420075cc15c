"""Notes that were written as Markdown or HTML → the text of their sections: code, lists, pictures, links, templates."""

from __future__ import annotations

import pytest

from ingest.catalogue.markdown import render_markdown
from ingest.catalogue.sections import read_sections
from ingest.catalogue.templates import without_templates


def sections(markdown: str) -> list[tuple[str, str]]:
    return read_sections(render_markdown(without_templates(markdown)))


def body(markdown: str) -> list[str]:
    """The lines of the only section."""
    ((_, text),) = sections(markdown)
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
    assert body(written) == read


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
    for hostile in ("{% comment %}", "{{ ", "{% ", "`", "```\n", "<pre", "{: .", "{{ a"):
        without_templates(hostile * 100_000 + "{% endcomment")
