"""`playground sweep`: what it says before it starts, and what it prints when it has ended."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from playground.cli.sweep import showing
from playground.cli.sweep.bar import clock
from playground.history import History
from playground.metrics import Estimate
from playground.sweep.definition import Sweep, axes_of
from playground.sweep.figures import estimate_text
from playground.sweep.result import SweepResult
from tests.cli.conftest import Shell
from tests.servers.fault import FaultServer, answers, status
from tests.sweep.kept import in_characters, make, make_small

STORY = ("sweep", "Tell me a story about a fox.", "-m", "demo:small", "--seed", "1")


def test_what_each_knob_did_is_said_after_the_run_and_shown_again(shell: Shell) -> None:
    knobs = ("--temperature", "0,1.5", "--top-k", "400,800", "--top-p", "0.5")
    made = shell(*STORY, *knobs, "--samples", "3", "--max-length", "10")
    assert made.returncode == 0, made.stderr
    found = made.stdout.partition("What each knob did\n")[2]
    assert "  temperature " in found
    assert "  top_k changed no answer: with the same dice all 12 answers stay the same" in found
    assert "top_k 400 cut nothing that" in found
    assert "\nWhere the top answer flips along temperature\n" in found
    with History.open() as history:
        (kept,) = history.sweeps.list()
    assert shell("sweep", "show", kept.id).stdout == made.stdout


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(1.0, 0.676, 1.0, 8), "1 (0.676 to 1)"),
        (Estimate(0.125, 0.0224, 0.471, 8), "0.125 (0.0224 to 0.471)"),
        (Estimate(143.2, 54.1, 371.0, 8), "143 (54.1 to 371)"),
        (Estimate(23.8, 23.79998, 23.80001, 8), "23.8 (23.8 to 23.8)"),
        (Estimate(0.5, count=1), "0.5"),
        (Estimate(None, reason="nothing"), "–"),
        (None, "–"),
    ],
)
def test_an_interval_is_told_by_its_ends(estimate: Estimate | None, text: str) -> None:
    assert estimate_text(estimate) == text


@pytest.mark.parametrize(("width", "fitting"), [(80, 2), (60, 1), (200, 6)])
def test_a_terminal_gets_the_figures_that_it_has_room_for_and_the_names_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    width: int,
    fitting: int,
) -> None:
    monkeypatch.setattr(showing, "is_terminal", lambda _stream: True)
    monkeypatch.setattr(showing, "terminal_size", lambda: os.terminal_size((width, 40)))
    with History.in_memory() as history:
        result = make(history, axes=axes_of({"temperature": "0,1.5"}), params={"max_length": 12})
        showing.print_result(result, json=False)
    head, cold, _hot, *rest = capsys.readouterr().out.splitlines()
    assert [name for name in showing.SHOWN if name in head] == [*showing.SHOWN[:fitting]]
    assert cold.count(" to ") == fitting
    left = ", ".join(showing.SHOWN[fitting:])
    assert rest[0].startswith(f"No room for {left}: ") if left else not rest[0]


def test_a_note_beside_figures_is_said_under_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    with History.in_memory() as history:
        showing.print_result(in_characters(make_small(history)), metrics=["length"], json=False)
    _head, *lines = capsys.readouterr().out.splitlines()
    assert [")*" in line for line in lines[:12]] == [False] * 6 + [True] * 6
    assert lines[12] == "* length: in characters: not all tokens were counted (6 of 12 cells)"


def test_usual_metrics_that_cannot_be_had_are_said_before_it_starts(
    shell: Shell, endpoint: FaultServer
) -> None:
    endpoint.play(answers("Hel", "lo"))
    words = ("sweep", "Hi", "-m", "loop:x", "-m", "scripted:echo", "--temperature", "0,1")
    planned = shell(*words, "--dry-run")
    assert planned.returncode == 0, planned.stderr
    assert planned.stdout.splitlines()[-7:] == [
        "One answer is compared with no other: without self-bleu, similarity.",
        "loop:x shows no whole distribution to take the entropy of: without entropy.",
        "loop:x gives no log-probabilities: without logprob.",
        "loop:x has no known price: without cost.",
        "scripted:echo shows no whole distribution to take the entropy of: without entropy.",
        "scripted:echo gives no log-probabilities: without logprob.",
        "scripted:echo has no known price: without cost.",
    ]
    assert endpoint.requests == []
    (plan,) = shell(*words, "--dry-run", "--json").stdout.splitlines()
    assert json.loads(plan)["remarks"] == planned.stdout.splitlines()[-7:]
    made = shell(*words)
    assert made.returncode == 0, made.stderr
    assert "loop:x has no known price: without cost.\n" in made.stderr


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("entropy", "entropy cannot be measured: loop:x shows no whole distribution"),
        ("cost", "cost cannot be measured: loop:x has no known price"),
    ],
)
def test_a_metric_that_was_named_and_cannot_be_had_is_refused_before_it_starts(
    shell: Shell, endpoint: FaultServer, metric: str, said: str
) -> None:
    endpoint.play(answers("Hello"))
    done = shell("sweep", "Hi", "-m", "loop:x", "--temperature", "0,1", "--metric", metric)
    assert done.returncode == 2
    assert said in done.stderr
    assert endpoint.requests == []


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("--temperature", "0:1:0.5"), "grid"),
        (("--temperature", "0:1", "--random", "3"), "random"),
        (("--temperature", "0:1", "--optimise", "length:max", "--trials", "4"), "bayesian"),
    ],
)
def test_what_a_dry_run_plans_can_be_read_again(
    shell: Shell, words: tuple[str, ...], kind: str
) -> None:
    planned = shell(*STORY, *words, "--dry-run", "--json")
    assert planned.returncode == 0, planned.stderr
    sweep = json.loads(planned.stdout)["sweep"]
    assert sweep["search"]["kind"] == kind
    assert Sweep.model_validate(sweep).search.kind == kind


def test_what_was_to_be_measured_is_shown_and_what_came_to_nothing_is_said(shell: Shell) -> None:
    words = ("--temperature", "0.5,1", "--samples", "2", "--max-length", "6")
    asked = ("--metric", "distinct-1,judge", "--judge", "demo:tiny")
    made = shell(*STORY, *words, *asked)
    assert made.returncode == 0, made.stderr
    head = made.stdout.splitlines()[0].split()
    assert head == ["cell", "temperature", "distinct-1", "answers", "most", "frequent"]
    assert "judge has no value in any cell: the judge gave no score." in made.stderr


def test_what_a_judge_says_becomes_a_figure_and_what_comes_to_no_score_is_counted(
    shell: Shell, endpoint: FaultServer
) -> None:
    refuses = answers("I would rather not say.")
    endpoint.play(*(answers(f"Well.\nSCORE: {points}") for points in (7, 9, 8)), refuses)
    words = ("--temperature", "1", "--samples", "4", "--max-length", "6")
    made = shell(*STORY, *words, "--metric", "judge", "--judge", "loop:strict")
    assert made.returncode == 0, made.stderr
    _head, row, said, *_ = made.stdout.splitlines()
    assert row.split()[:5] == ["0", "8", "(7", "to", "9)*"]
    assert said == "* judge: without 1 of 4"
    assert "loop:strict: 4 answers to judge, up to " in made.stderr
    assert (
        "1 of 4 replies of the judge loop:strict came to no score: no score in the last line (1)."
    ) in made.stderr
    with History.open() as history:
        (cell,) = SweepResult.load(history, history.sweeps.list()[0].id).cells
    assert cell.figures.estimates["judge"].note == "without 1 of 4"


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://somebody:S3CRET@127.0.0.1:S3CRET/studies",
        "nonsense://somebody:S3CRET@127.0.0.1/studies",
        "sqlite:////no/such/S3CRET?password=S3CRET",
        "somebody:S3CRET@127.0.0.1/studies",
    ],
)
def test_a_password_of_a_study_is_printed_nowhere_not_even_in_a_traceback(
    shell: Shell, address: str
) -> None:
    pytest.importorskip("optuna")
    search = ("--optimise", "distinct-1", "--trials", "2", "--storage", address)
    environment = {**os.environ, "PLAYGROUND_DEBUG": "1"}
    done = shell(*STORY, "--temperature", "0:1", *search, env=environment)
    assert done.returncode == 2
    assert "--storage" in done.stderr
    assert "Traceback" in done.stderr
    assert "S3CRET" not in done.stdout + done.stderr


def test_before_it_starts_one_answer_is_one_and_several_prompts_are_told(shell: Shell) -> None:
    words = ("sweep", "Hi", "Ho", "-m", "scripted:echo", "--temperature", "0,1", "--dry-run")
    one = shell(*words, "--samples", "1", "--seed", "1").stdout.splitlines()[0]
    assert one == "Hi and 1 more: temperature 0 to 1, 2 values; 1 answer each, from seed 1."
    four = shell(*words, "--samples", "4", "--seed", "1").stdout.splitlines()[0]
    assert "; 4 answers each, " in four


def test_before_it_starts_the_whole_of_several_models_and_a_judge_is_told(
    shell: Shell, endpoint: FaultServer
) -> None:
    endpoint.play(answers("Hello"))
    words = ("sweep", "Hi", "--temperature", "0,1", "--max-length", "10", "--samples", "3")
    told = shell(*words, "-m", "demo:small", "-m", "demo:tiny", "-m", "loop:x", "--dry-run")
    lines = told.stdout.splitlines()
    assert lines[1].startswith("demo:small: 6 runs, up to 54 tokens in and 60 out, free")
    assert lines[4] == ("In all: 18 runs, up to 162 tokens in and 180 out, free but for loop:x.")
    judged = ("-m", "demo:small", "--metric", "judge", "--judge", "loop:strict", "--dry-run")
    lines = shell(*words, *judged).stdout.splitlines()
    assert lines[2].startswith("loop:strict: 6 answers to judge, ")
    assert lines[3].startswith("In all: 6 runs, up to ")
    assert "free but for loop:strict" in lines[3]
    out = [int(line.partition(" in and ")[2].split()[0].replace(",", "")) for line in lines[1:4]]
    assert out[0] + out[1] == out[2]
    (one,) = [
        line
        for line in shell(*words, "-m", "demo:small", "--dry-run").stdout.splitlines()
        if " runs, " in line
    ]
    assert one.startswith("demo:small: ")


def test_a_cell_is_shown_with_what_it_is_and_what_it_came_to(shell: Shell) -> None:
    words = ("--temperature", "0,1.5", "--samples", "2", "--max-length", "5")
    assert shell(*STORY, *words).returncode == 0
    with History.open() as history:
        (kept,) = history.sweeps.list()
        first, _second = SweepResult.load(history, kept.id).answers(1)
    head, *lines = shell("sweep", "show", kept.id, "--cell", "1").stdout.splitlines()
    assert head == "cell 1 · demo:small · temperature 1.5 · Tell me a story about a fox."
    (length,) = [line.split() for line in lines if line.startswith("length ")]
    assert length == ["length", "5", "(5", "to", "5)"]
    assert f"— 0 ({first.run}, seed 1, length)" in lines
    row, _ = map(
        json.loads, shell("sweep", "show", kept.id, "--cell", "1", "--json").stdout.splitlines()
    )
    assert (row["model"], row["temperature"], row["finish_reason"]) == ("demo:small", 1.5, "length")
    assert row["text"] == first.text


def test_the_list_says_how_many_cells_have_ended_of_how_many(shell: Shell) -> None:
    words = ("--temperature", "0,1", "--samples", "2", "--max-length", "5")
    shell(*STORY, *words, "--budget-tokens", "10")
    row = shell("sweep", "list").stdout.splitlines()[1]
    assert "stopped  1 of 2 " in row
    data = json.loads(shell("sweep", "list", "--json").stdout)
    assert (data["cells"], data["cells_total"]) == (1, 2)


def test_a_moment_is_never_said_to_be_no_time_at_all() -> None:
    assert [clock(seconds) for seconds in (0.2, 1.0, 1.4, 89.5)] == ["1 s", "1 s", "2 s", "90 s"]


def test_a_sweep_that_a_budget_ended_has_no_time_left(shell: Shell) -> None:
    words = ("--temperature", "0,1", "--samples", "2", "--max-length", "5")
    stopped = shell(*STORY, *words, "--budget-tokens", "10")
    (line,) = [line for line in stopped.stderr.splitlines() if " of 2 cells" in line]
    assert line.startswith("1 of 2 cells, ")
    assert "left" not in line


def test_the_rest_after_a_budget_is_made_within_a_larger_one_as_it_says(shell: Shell) -> None:
    words = ("--temperature", "0,1", "--samples", "2", "--max-length", "5")
    stopped = shell(*STORY, *words, "--budget-tokens", "10")
    told = stopped.stderr.splitlines()[-1]
    assert told.startswith("The rest of it takes a larger budget: playground sweep --resume ")
    *command, more = told.partition(": playground ")[2].split()
    assert command[-1] == "--budget-tokens"
    assert more == "MORE"
    made = shell(*command, "100")
    assert made.stderr.splitlines()[-1].startswith("Kept as ")


def test_how_long_it_takes_is_said_from_the_second_time_on(shell: Shell) -> None:
    words = (*STORY, "--temperature", "0,1", "--max-length", "20")
    unknown = "How long it takes, its first answers will tell."
    assert unknown in shell(*words, "--dry-run").stdout
    assert shell(*words).returncode == 0
    again = shell(*words, "--dry-run").stdout
    assert unknown not in again
    assert ", free, about " in again


def test_a_script_is_told_whether_something_is_missing(shell: Shell, endpoint: FaultServer) -> None:
    words = ("--temperature", "0,1", "--samples", "2", "--max-length", "5")
    assert shell(*STORY, *words, "--budget-tokens", "10").returncode == 1
    assert shell(*STORY, *words, "--budget-seconds", "0.000001").returncode == 1
    assert shell(*STORY, *words, "--budget-tokens", "100").returncode == 0
    refused = status(400, {"error": {"message": "not this one"}})
    asked = ("sweep", "Hi", "-m", "loop:x", "--temperature", "0,1")
    endpoint.play(answers("Hello"), refused)
    assert shell(*asked).returncode == 0
    endpoint.play(refused)
    assert shell(*asked).returncode == 1


def test_a_dash_is_the_prompt_on_standard_input_and_none_is_asked_twice(shell: Shell) -> None:
    words = ("-m", "scripted:echo", "--temperature", "0,1", "--dry-run")
    piped = shell("sweep", "-", *words, stdin="a fox\n")
    assert piped.stdout.startswith("a fox: temperature 0 to 1, 2 values; ")
    nothing = shell("sweep", "-", *words)
    assert (nothing.returncode, "The prompt is empty." in nothing.stderr) == (2, True)
    twice = shell("sweep", "a", "b", "a", *words)
    assert (twice.returncode, "a prompt is given twice" in twice.stderr) == (2, True)


def test_an_empty_name_of_a_sweep_to_go_on_with_is_refused_as_such(shell: Shell) -> None:
    refused = shell("sweep", "--resume", "")
    assert refused.returncode == 2
    assert "--resume takes the id of a sweep, or how it begins, and it is empty." in refused.stderr
    for word in ("--dry-run", "--no-history"):
        refused = shell("sweep", "--resume", "abc", word)
        assert refused.returncode == 2
        assert f"{word} does not go with it" in " ".join(refused.stderr.split())


def test_with_history_switched_off_a_sweep_is_not_kept_and_says_so(
    shell: Shell, config_folder: Path
) -> None:
    config_folder.mkdir(exist_ok=True)
    words = ("sweep", "hush", "-m", "scripted:echo", "--temperature", "0,1")
    kept = shell(*words)
    settings = config_folder / "config.toml"
    settings.write_text("history = false\n", encoding="utf-8")
    made = shell(*words)
    assert made.returncode == 0, made.stderr
    assert made.stdout.count("hush") == kept.stdout.count("hush") > 0
    assert made.stderr.endswith("It is not kept: config.toml says history = false.\n")
    with History.open() as history:
        (only,) = history.sweeps.list()
    assert only.id in kept.stderr
    # What is kept already can be gone on with: it is asked for by its name.
    assert shell("sweep", "--resume", only.id).returncode == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--temperature", "0", "--temperature", "1"), "--temperature is said 2 times, and takes"),
        (("--samples", "2", "--samples", "3"), "--samples is said 2 times, and takes one value"),
        (("--force",), "--force is only for --resume, which is not given"),
        (("--retry-failed",), "--retry-failed is only for --resume"),
        (("--judge", "demo:small"), "judge is only used by the metric judge"),
    ],
)
def test_a_flag_that_nothing_would_heed_is_refused(
    shell: Shell, words: tuple[str, ...], said: str
) -> None:
    done = shell(*STORY, *words, "--dry-run")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_columns_are_chosen_only_where_there_are_columns(shell: Shell) -> None:
    for other in (("--json",), ("--cell", "0")):
        done = shell("sweep", "show", "x", "--metric", "length", *other)
        assert done.returncode == 2
        assert f"{other[0]} prints every figure" in done.stderr
