"""Files of prompts: each column where it belongs, and what is wrong with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from playground.errors import BrokenFile, UsageError
from playground.sweep.asked import Asked, build
from playground.sweep.sources import read_prompts


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_table_gives_prompts_right_answers_and_fields(tmp_path: Path) -> None:
    text = 'prompt,expected,topic\n"2 + 2, please",4,sums\n日本の首都は？,東京,capitals\n'
    first, second = read_prompts(written(tmp_path, "p.csv", text), system="Be brief.")
    assert (first.text, first.expected, first.fields) == ("2 + 2, please", "4", {"topic": "sums"})
    assert second.text == "日本の首都は？"
    assert [turn.role for turn in second.messages] == ["system", "user"]


def test_json_lines_give_the_same(tmp_path: Path) -> None:
    path = written(tmp_path, "p.jsonl", '{"q": "2 + 2?", "a": 4}\n\n{"q": "b\u2028c", "a": "x"}\n')
    prompts = read_prompts(path, prompt_column="q", expected_column="a")
    assert [(one.text, one.expected) for one in prompts] == [("2 + 2?", "4"), ("b\u2028c", "x")]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("p.csv", "prompt,expected\na,b,c\n", "line 2"),
        ("p.csv", "prompt,prompt\na,b\n", "named twice"),
        ("p.csv", 'prompt\nfine\n"open', "line 3"),
        ("p.csv", "prompt\nfine\n \n", "line 3"),
        ("p.csv", b"prompt\nfine\n\xff\xfe\n", "line 3"),
        ("p.jsonl", b'{"prompt": "fine"}\n{"prompt": "caf\xe9"}\n', "not UTF-8 text .line 2"),
        ("p.csv", "prompt\n", "no prompts"),
        ("p.jsonl", '{"prompt": "fine"}\n{"prompt"\n', "line 2, character 10: not JSON: Expecting"),
        ("p.jsonl", "[" * 100_000, "line 1"),
        ("p.jsonl", '["prompt"]\n', "not a JSON object"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, name: str, content: str | bytes, told: str
) -> None:
    with pytest.raises(BrokenFile, match=told):
        read_prompts(written(tmp_path, name, content))


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [("p.csv", "q,a\nfine,1\n", 1), ("p.jsonl", '{"prompt": "fine"}\n{"q": "fine"}\n', 2)],
)
def test_a_column_that_is_missing_is_told_with_the_line_that_lacks_it(
    tmp_path: Path, name: str, content: str, line: int
) -> None:
    with pytest.raises(UsageError, match=f"line {line}: there is no column 'prompt'"):
        read_prompts(written(tmp_path, name, content))


def test_several_right_answers_of_a_prompt_in_the_library_stay_several(
    config_folder: Path,
) -> None:
    place = config_folder / "prompts" / "sum.toml"
    place.parent.mkdir(parents=True)
    place.write_text(
        'title = "Sum"\nprompt = "{{ sum }}"\n[variables.sum]\nexample = "1 + 1"\n'
        '[[cases]]\nvariables = { sum = "2 + 2" }\nexpected = ["4", "four"]\nscore = "exact"\n'
        '[[cases]]\nvariables = { sum = "1 + 1" }\nexpected = "2"\nscore = "exact"\n'
    )
    sweep = build(Asked.of_words(prompt=("@sum",), models=("scripted:echo",)))
    first, second = sweep.prompts
    assert (first.expected, first.also_right) == ("4", ("four",))
    assert (first.expected_text, second.expected_text) == ("4 | four", "2")
    assert sweep.metrics == ("exact",)


def test_a_column_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    path = written(tmp_path, "p.csv", "promt,answer\na,b\n")
    with pytest.raises(UsageError, match="'promt'"):
        read_prompts(path)


def test_an_expected_answer_that_is_blank_or_null_is_none(tmp_path: Path) -> None:
    table = tmp_path / "cases.csv"
    table.write_text("\nprompt,expected\nCapital of France?,\nOf Japan?,Tokyo\n", encoding="utf-8")
    assert [prompt.expected for prompt in read_prompts(table)] == [None, "Tokyo"]
    lines = tmp_path / "cases.jsonl"
    lines.write_text('{"prompt": "x", "expected": null}\n', encoding="utf-8")
    assert [prompt.expected for prompt in read_prompts(lines)] == [None]


@pytest.mark.parametrize("row", ['{"prompt": null}', '{"prompt": "x\\ud800"}'])
def test_a_prompt_that_is_null_or_half_a_character_is_refused_with_its_line(
    tmp_path: Path, row: str
) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"prompt": "x"}\n' + row, encoding="utf-8")
    with pytest.raises(BrokenFile, match="line 2"):
        read_prompts(path)


def test_prompts_of_the_library_that_are_scored_otherwise_are_not_scored_by_one_of_them() -> None:
    words = {"prompt": ("@capital", "@small-sum"), "models": "demo:small"}
    with pytest.raises(UsageError, match="different metrics"):
        build(Asked.of_words(**words))
    with pytest.raises(UsageError, match="different settings"):
        build(Asked.of_words(**words, metrics="length"))
    swept = build(Asked.of_words(**words, metrics="length", space={"temperature": "0,1"}))
    assert swept.metrics == ("length",)


def test_a_table_of_a_spreadsheet_that_writes_semicolons_is_told_so(tmp_path: Path) -> None:
    table = tmp_path / "cases.csv"
    table.write_text("prompt;expected\n2+2?;4\n")
    with pytest.raises(BrokenFile, match="line 1: its columns are parted by semicolons") as error:
        read_prompts(table)
    assert "commas" in (error.value.hint or "")
