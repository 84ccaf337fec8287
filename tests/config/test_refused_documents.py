"""What YAML refuses, or would read as something else, is refused in words that help, and within limits that no file gets past."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomjobs.config import yaml_tree
from dicomjobs.config.documents import LARGEST_FILE, parse_document
from dicomjobs.diagnostics import Diagnostic, Location, Severity


def codes(text: str | bytes) -> list[str]:
    """Return the codes of what is wrong with a text."""
    content = text if isinstance(text, bytes) else text.encode()
    return [diagnostic.code for diagnostic in parse_document(content, "job.yaml")[1]]


def only(text: str) -> Diagnostic:
    """Return the one thing that is wrong with a text."""
    (diagnostic,) = parse_document(text.encode(), "job.yaml")[1]
    return diagnostic


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("a: *.dcm", '"*.dcm"'),
        ("a: [x, *.dcm, y]", '"*.dcm"'),
        ("a: */15 * * * *", '"*/15 * * * *"'),
        ("a: [*/15]", '"*/15"'),
        ("a: [${today}]", '"${today}"'),
        ("a: {b: ${today-1d}, c: d}", '"${today-1d}"'),
        ("a: [x${today}-${now}]", '"x${today}-${now}"'),
        ("a: {(0010,0010): X}", '"(0010,0010)"'),
        ("a: [(0010,0010)]", '"(0010,0010)"'),
        ("a: %x", '"%x"'),
        ("a: @x # c", '"@x"'),
        ("a: `x`", '"`x`"'),
        ("a: b: c", '"b: c"'),
        ("a: >20260101", '">20260101"'),
        ("a: !!", '"!!"'),
        ("a: &\n", '"&"'),
        ("a: @\\x", "'@\\x'"),
    ],
)
def test_what_yaml_refuses_is_shown_in_quotes(text: str, typed: str) -> None:
    """The hint is what to type instead."""
    diagnostic = only(text)

    assert diagnostic.code == "DJ106"
    assert diagnostic.hint == f"put it in quotes: {typed}"


@pytest.mark.parametrize("typed", ["!123", "*123", "&123", "#123", "|", ">"])
def test_a_value_that_yaml_would_swallow_is_an_error(typed: str) -> None:
    """None of these loads as nothing, which would match the whole archive."""
    diagnostic = only(f"keys:\n  PatientID: {typed}\n")

    assert diagnostic.severity is Severity.ERROR
    assert f'"{typed}"' in diagnostic.hint
    assert diagnostic.location == Location(file="job.yaml", line=2, column=14, width=len(typed))


SYNTAX_ERRORS = [
    "a: *.dcm\n",
    "a: [${today}]\n",
    "a:\n\tb: 1\n",
    "a: @x\n",
    "a: b: c\n",
    "a: 'x\n",
    'a: "C:\\data"\n',
    "a: [1,2\nb: 3\n",
    "a: {b: 1\nc: 2\n",
    "a: 1\n b: 2\n",
    "a:\n  b: 1\n c: 2\n",
    "- a\nb: 1\n",
    "a: 1\n- b\n",
    "a: !!\n",
    "a: 1\n...\nb: 2\n",
    "a: |x\n  b\n",
    "a: 1\nb\n",
    ": x\n",
    "a: ]\n",
    "a: [b,, c]\n",
    "a: - b\n",
    "a: ?\n",
    'a: "x" y\n',
    "a: [1, 2]]\n",
    "a: {b c: d\n",
    "b: [[[[",
    "a: 'x\n---\nb: 1\n",
    "a: !x!y z\n",
]


@pytest.mark.parametrize("text", SYNTAX_ERRORS)
def test_libyaml_and_the_python_parser_give_the_same_words(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has no libyaml reads the same diagnostics, and none of them is the last resort."""
    ours = parse_document(text.encode(), "job.yaml")
    monkeypatch.setattr(yaml_tree, "LOADER", yaml.SafeLoader)

    assert parse_document(text.encode(), "job.yaml") == ours
    assert ours[1][-1].summary != "YAML cannot go on from here"


def test_a_colon_between_brackets_needs_a_space() -> None:
    """Only libyaml refuses it; it is easily typed."""
    assert only("a: {PatientID:, b: c}").summary == "a space is missing after the colon"


def nested(depth: int) -> str:
    """Return a document whose innermost list lies `depth` deep, the document itself counted."""
    return f"a: {'[' * (depth - 1)}{']' * (depth - 1)}\n"


def bomb(generations: int) -> str:
    """Return a document of a few hundred bytes that stands for 9 to the power of `generations` values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, generations)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("within", "beyond", "code"),
    [
        (nested(32), nested(33), "DJ107"),
        ("a: &x " + "[" * 15 + "]" * 15 + "\nb: " + "[" * 16 + "*x" + "]" * 16, None, ""),
        (None, "a: &x " + "[" * 16 + "]" * 16 + "\nb: " + "[" * 16 + "*x" + "]" * 16, "DJ107"),
        ("a: &x 1\nb: [" + "*x, " * 50 + "]", "a: &x 1\nb: [" + "*x, " * 51 + "]", "DJ108"),
        ("a: [" + "x, " * 9997 + "]", "a: [" + "x, " * 9998 + "]", "DJ109"),
        (bomb(3), bomb(5), "DJ109"),
        ("a: " + "x" * 4096, "a: " + "x" * 4097, "DJ116"),
        ("a: 1\n" + "#" * (LARGEST_FILE - 5), "a: 1\n" + "#" * (LARGEST_FILE - 4), "DJ102"),
    ],
    ids=[
        "depth",
        "depth-through-alias-within",
        "depth-through-alias-beyond",
        "aliases",
        "nodes",
        "bomb",
        "scalar",
        "size",
    ],
)
def test_a_limit_is_exact(within: str | None, beyond: str | None, code: str) -> None:
    """What is allowed is allowed to the last unit, and one more is refused."""
    if within is not None:
        assert codes(within) == []
    if beyond is not None:
        assert codes(beyond) == [code]


@pytest.mark.parametrize(
    "text",
    [
        "[" * 400_000,
        "{" * 400_000,
        "- " * 400_000,
        "? " * 400_000,
        bomb(10),
        "a: " + "9" * 5000,
        "".join(f"%TAG !a{n}! x\n" for n in range(50_000)) + "--- a\n",
        "a: &a [*a]",
        "<<: &a [*a]",
        "k: v\n" * 100_000,
        "\0" * LARGEST_FILE,
        "---\n" * 200_000,
        "a: *" + "x" * 1_000_000,
        ": " * 500_000,
        "~: 1\n? [a]\n: 1\n",
    ],
    ids=lambda text: text[:8].strip().encode("unicode_escape").decode(),
)
def test_a_hostile_file_is_refused_in_few_words(text: str) -> None:
    """No exception, and no flood of diagnostics or of text in one of them."""
    _, diagnostics = parse_document(text.encode(), "job.yaml")

    assert len(diagnostics) <= 100
    assert all(len(diagnostic.summary) + len(diagnostic.hint) < 400 for diagnostic in diagnostics)


PIECES = st.sampled_from(
    [
        *" :#,[]{}\"'\\|>?%@\t\n\x00\u2028é",
        ": ",
        "- ",
        "\n  ",
        "a",
        "keys",
        "*a",
        "&a ",
        "!b ",
        "${x}",
        "<<",
        "---",
        "...",
        "(0010,0010)",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_no_text_makes_the_reader_raise(text: str) -> None:
    """A text is a document or has an error that says why not."""
    document, diagnostics = parse_document(text.encode(), "job.yaml")

    assert document is not None or diagnostics
    lines = text.splitlines() or [""]
    assert all(1 <= d.location.line <= len(lines) + 1 for d in diagnostics if d.location)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_make_the_reader_raise(content: bytes) -> None:
    """Whatever the file holds, the answer is diagnostics."""
    document, diagnostics = parse_document(content, "job.yaml")

    assert document is not None or diagnostics
