"""`playground ask` in pipes: what is printed where, and the exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from playground.config import shipped
from playground.types import Answer
from tests.cli.conftest import COMMAND, Shell
from tests.servers.fault import FaultServer, answers, breaks_off, delta


def test_one_answer_is_printed_as_it_is(shell: Shell) -> None:
    done = shell("ask", "-m", "scripted:echo", "Grüße \x1b[1m日本語")
    assert done.stdout == "Grüße \x1b[1m日本語\n"
    assert done.returncode == 0


def test_several_answers_are_headed_by_their_models(shell: Shell) -> None:
    done = shell(
        "ask", "-m", "scripted:lorem", "-m", "scripted:echo", "--max-length", "3", "a b c d"
    )
    assert (
        done.stdout == "=== scripted:lorem ===\nThe quick brown \n\n=== scripted:echo ===\na b c\n"
    )
    assert done.returncode == 0


def test_each_of_n_choices_has_its_head(shell: Shell) -> None:
    done = shell("ask", "-m", "scripted:echo", "--n", "2", "a b")
    assert done.stdout == "=== scripted:echo #1 ===\na b\n\n=== scripted:echo #2 ===\na b\n"


def test_json_lines_hold_whole_answers(shell: Shell) -> None:
    done = shell(
        "ask", "--json", "-m", "scripted:echo", "-m", "demo:small", "-t", "0", "--max-length", "6",
        "Hi \x9b\u202e日本",
    )  # fmt: skip
    lines = done.stdout.splitlines()
    first, second = (Answer.model_validate_json(line) for line in lines)
    assert (first.model, second.model) == ("scripted:echo", "demo:small")
    assert first.text == "Hi \x9b\u202e日本"
    assert "日本" in lines[0]
    assert "\x9b" not in lines[0]
    assert second.effective["temperature"] == 0
    assert second.params == {"temperature": 0, "max_length": 6}
    assert second.usage.output_tokens
    assert second.receipt is not None
    proof = second.receipt.provenance
    assert proof.file is not None
    assert len(proof.file.sha256) == 64
    assert proof.engine["threads"] == 1
    assert "llama-cpp-python" in second.receipt.versions
    assert {
        "model",
        "text",
        "finish_reason",
        "usage",
        "timing",
        "params",
        "adjustments",
        "error",
    } <= set(json.loads(lines[1]))
    assert done.stderr == ""
    assert done.returncode == 0


def test_the_demo_answers_when_no_model_is_named(shell: Shell) -> None:
    done = shell("ask", "--max-length", "5", "Hello!")
    assert done.stdout.strip()
    assert "demo:small: seed = " in done.stderr
    assert done.returncode == 0


def test_the_settings_name_models_system_prompt_and_params(shell: Shell, config_file: Path) -> None:
    config_file.write_text(
        'models = ["scripted:echo"]\nsystem_prompt = "Be brief"\n[params]\nmax_tokens = 2\n'
    )
    done = shell("ask", "--json", "one two three")
    answer = Answer.model_validate_json(done.stdout)
    assert answer.text == "one two"
    assert answer.usage.input_tokens == 5
    assert shell("ask", "--max-length", "1", "one two").stdout == "one\n"


@pytest.mark.parametrize("arguments", [("-",), ()])
def test_the_prompt_comes_from_standard_input(shell: Shell, arguments: tuple[str, ...]) -> None:
    done = shell("ask", "-m", "scripted:echo", *arguments, stdin="two\nlines\n")
    assert done.stdout == "two\nlines\n"


def test_the_system_prompt_reaches_the_model(shell: Shell) -> None:
    told = shell("ask", "-m", "scripted:echo", "--json", "--system", "a b c", "hi")
    assert json.loads(told.stdout)["usage"]["input_tokens"] == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-m", "scriptd:echo", "hi"), "no provider 'scriptd'. Did you mean 'scripted'?"),
        (("-m", "scripted:eco", "hi"), "no script 'eco'. Did you mean 'echo'?"),
        (("-m", "demo:smal", "hi"), "Did you mean 'small'"),
        (("-m", "demo", "hi"), "'demo' is not a model reference. Write provider:model"),
        (("-m", "scripted:echo", "-t", "9", "hi"), "temperature 9 is outside 0 to 5"),
        (("-m", "scripted:echo", "-t", "nan", "hi"), "temperature nan is outside 0 to 5"),
        (("-m", "scripted:echo", "-t", "hot", "hi"), "'-t' / '--temperature'"),
        (("-m", "scripted:echo", "--sampler-order", "top_z", "hi"), "names 'top_z'"),
        (("-m", "scripted:echo", "--extra", "{", "hi"), "--extra is not JSON"),
        (("-m", "scripted:echo", "--extra", "[1]", "hi"), "--extra is not a JSON object"),
        (("-m", "scripted:echo", "--temprature", "1", "hi"), "--temperature"),
        (("-m", "demo:small", "--strict", "--extra", '{"a": 1}', "hi"), "extra dropped"),
        (("-m", "scripted:echo", ""), "The prompt is empty"),
        (("-m", "scripted:echo"), "The prompt is empty"),
    ],
)
def test_what_cannot_be_meant_exits_2(shell: Shell, arguments: tuple[str, ...], said: str) -> None:
    done = shell("ask", *arguments)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert done.returncode == 2


def test_a_model_that_cannot_be_opened_costs_no_other_its_answer(shell: Shell) -> None:
    named = ("-m", "openai:gpt-4.1", "-m", "scripted:echo", "-m", "local:/none.gguf")
    done = shell("ask", *named, "a b")
    assert (done.stdout, done.returncode) == ("a b\n", 1)
    first, second = done.stderr.splitlines()[:2]
    assert first.startswith("Error: openai:gpt-4.1: OpenAI needs an API key")
    assert second.startswith("Error: local:/none.gguf: There is no file")
    (line,) = shell("ask", *named, "a b", "--json").stdout.splitlines()
    assert json.loads(line)["model"] == "scripted:echo"


def test_where_no_model_can_be_opened_every_reason_is_said(shell: Shell) -> None:
    done = shell("ask", "-m", "openai:gpt-4.1", "-m", "local:/none.gguf", "a b")
    assert (done.stdout, done.returncode) == ("", 1)
    assert "OpenAI needs an API key" in done.stderr
    assert "There is no file /none.gguf" in done.stderr


def test_a_misspelt_model_is_refused_before_any_other_is_asked(shell: Shell) -> None:
    done = shell("ask", "-m", "scripted:echo", "-m", "opnai:gpt-4.1", "a b")
    assert (done.stdout, done.returncode) == ("", 2)


def test_input_that_is_not_utf8_is_refused_with_its_line(shell: Shell) -> None:
    done = shell("ask", "-m", "scripted:echo", stdin=b"fine\nnot \xff\n")
    assert "not UTF-8 text (line 2)" in done.stderr
    assert done.returncode == 2


def test_options_before_the_command_are_refused_not_ignored(shell: Shell) -> None:
    done = shell("-t", "0.3", "ask", "-m", "scripted:echo", "hi")
    assert "stand after the command's name" in done.stderr
    assert done.returncode == 2


def test_adjustments_are_on_standard_error(shell: Shell, endpoint: FaultServer) -> None:
    endpoint.play(answers("Hel", "lo"))
    done = shell("ask", "-m", "loop:any", "--top-k", "5", "hi")
    assert done.stdout == "Hello\n"
    assert "loop:any: top_k dropped: this endpoint has no such thing\n" in done.stderr
    assert done.returncode == 0


def test_strict_refuses_before_anything_is_sent(shell: Shell, endpoint: FaultServer) -> None:
    endpoint.play(answers("Hello"))
    done = shell("ask", "-m", "loop:any", "--strict", "--top-k", "5", "hi")
    assert "top_k dropped: this endpoint has no such thing. Leave it out" in done.stderr
    assert (done.stdout, done.returncode, endpoint.requests) == ("", 2, [])


def test_an_answer_cut_off_prints_what_came_and_exits_1(
    shell: Shell, endpoint: FaultServer
) -> None:
    endpoint.play(breaks_off(delta("Once upon "), delta("a time")))
    done = shell("ask", "-m", "loop:any", "-m", "scripted:echo", "hello")
    assert done.stdout == "=== loop:any ===\nOnce upon a time\n\n=== scripted:echo ===\nhello\n"
    assert "Error: loop:any: " in done.stderr
    assert done.returncode == 1


def test_an_answer_ended_by_the_endpoints_filter_exits_1(
    shell: Shell, endpoint: FaultServer
) -> None:
    endpoint.play(answers("So", " far", finish="content_filter"))
    for flag, printed in (((), "So far\n"), (("--json",), '"text": "So far"')):
        done = shell("ask", *flag, "-m", "loop:any", "hello")
        assert printed in done.stdout
        assert "content filter" in done.stderr
        assert done.returncode == 1


def test_a_failed_answer_is_a_json_line_too(shell: Shell, endpoint: FaultServer) -> None:
    endpoint.play(breaks_off(delta("Once")))
    done = shell("ask", "--json", "-m", "loop:any", "hello")
    answer = Answer.model_validate_json(done.stdout)
    assert (answer.text, answer.finish_reason) == ("Once", "error")
    assert answer.error is not None
    assert answer.error.message in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('models = ["scripted:echo"]\ntheme = \n', "(at line 2"),
        ('theme = "nord"\ncolour = "red"\n', "config.toml, line 2: colour"),
        ("[params]\ntemperature = 9\n", "config.toml, [params]: temperature 9 is outside"),
    ],
)
def test_broken_settings_are_named_with_path_and_line(
    shell: Shell, config_file: Path, content: str, said: str
) -> None:
    config_file.write_text(content)
    done = shell("ask", "-m", "scripted:echo", "hi")
    assert str(config_file) in done.stderr
    assert said in done.stderr
    assert (done.stdout, done.returncode) == ("", 1)


def test_a_reader_that_leaves_early_is_no_error() -> None:
    endless = [*COMMAND, "ask", "-m", "scripted:lorem", "--max-length", "1000000", "hi"]
    with subprocess.Popen(endless, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(9) == b"The quick"
        process.stdout.close()
        said = process.stderr.read().decode()
        assert process.wait(30) == 141
    assert said == ""


@pytest.mark.parametrize("command", [("ask", "-m", "scripted:echo", "--json", "hi"), ("params",)])
def test_a_reader_that_is_gone_before_the_first_line(command: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, *command], stdout=writing, stderr=subprocess.PIPE, timeout=30, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said_in_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "ask", "-m", "scripted:echo", "--max-length", "9", "hi"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.stderr == b"Error: [Errno 28] No space left on device.\n"
    assert done.returncode == 1


def test_closed_streams_are_no_defect() -> None:
    command = f"{' '.join(COMMAND)} ask -m scripted:echo --max-length 9"
    shut = subprocess.run([f"{command} hi >&-"], shell=True, stderr=subprocess.PIPE, check=False)
    assert (shut.returncode, shut.stderr) == (0, b"")
    mute = subprocess.run([f"{command} <&-"], shell=True, stderr=subprocess.PIPE, check=False)
    assert b"The prompt is empty" in mute.stderr
    assert mute.returncode == 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopping_keeps_what_came_and_ends_the_worker(number: signal.Signals, code: int) -> None:
    command = [*COMMAND, "ask", "-m", "demo:small", "-m", "scripted:echo", "-t", "1.5"]
    command += ["--max-length", "1000", "--n", "16", "Tell me a story"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        head = process.stdout.readline()
        first = process.stdout.read(5)
        workers = psutil.Process(process.pid).children(recursive=True)
        assert workers
        os.kill(process.pid, number)
        rest = process.stdout.read().decode("utf-8", "replace")  # The cut may split a character.
        said = process.stderr.read().decode()
        assert process.wait(30) == code
    assert head == b"=== demo:small #1 ===\n"
    assert len(first) == 5
    assert rest.endswith("=== scripted:echo #16 ===\nTell me a story\n")
    assert "Traceback" not in said
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive


def test_the_first_answer_streams_while_it_comes() -> None:
    command = [*COMMAND, "ask", "-m", "scripted:lorem", "--max-length", "400000", "hi"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert process.stdout.read(9) == b"The quick"
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.wait(30) == 130


def test_a_defect_is_one_line_and_a_traceback_only_on_request(shell: Shell) -> None:
    import sys

    code = (
        "import sys, playground.cli.ask as ask\n"
        "def boom(*a, **k): raise ZeroDivisionError('by nothing')\n"
        "ask.ask = boom\n"
        "from playground.cli import main\n"
        "sys.argv = ['playground', 'ask', 'hi']\n"
        "sys.exit(main())\n"
    )
    for debug in ("", "1"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PLAYGROUND_DEBUG": debug},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "Error: Unexpected ZeroDivisionError: by nothing." in done.stderr
        assert ("Traceback" in done.stderr) == bool(debug)


def test_ctrl_c_while_a_model_loads_leaves_nothing_behind() -> None:
    """The awkward moment: the process is started and has not said anything yet."""
    for wait in (0.25, 0.4, 0.55):
        with subprocess.Popen(
            [*COMMAND, "ask", "-m", "demo:small", "--max-length", "1000", "hi"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stderr is not None
            time.sleep(wait)
            workers = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(signal.SIGINT)
            assert process.wait(30) in (130, -signal.SIGINT, 0)
            assert not re.search(r"Traceback|Exception ignored", process.stderr.read().decode())
        _, alive = psutil.wait_procs(workers, timeout=10)
        assert not alive


def test_a_model_that_does_not_load_is_named_with_what_llama_cpp_says_of_it(
    shell: Shell, tmp_path: Path
) -> None:
    half = tmp_path / "half.gguf"
    half.write_bytes((shipped("providers") / "demo" / "small.gguf").read_bytes()[:3_000_000])
    done = shell("ask", "-m", f"local:{half}", "Hello")
    assert done.returncode == 1
    assert "Error: " in done.stderr
    assert re.search(r"^  \| .*error loading model", done.stderr, re.MULTILINE)
