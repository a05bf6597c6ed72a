"""`playground history` and `playground replay`: what they print, change and refuse."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pexpect
import pytest
from rich.cells import cell_len

from playground.config import data_dir
from playground.export import FORMATS
from playground.history import ConversationRecord, History, RunRecord, Summary
from playground.judging import BlindTest, Candidate, settings_text, wilson_interval
from playground.types import Receipt
from tests.cli.conftest import COMMAND, Shell


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def listed(shell: Shell, *arguments: str) -> list[dict[str, Any]]:
    return lines(shell("history", "list", "--json", *arguments))


def asked(shell: Shell, prompt: str, *arguments: str, model: str = "scripted:echo") -> str:
    """The id of the conversation that asking this made."""
    before = {found["id"] for found in listed(shell)}
    assert shell("ask", "-m", model, *arguments, prompt).returncode == 0
    (new,) = {found["id"] for found in listed(shell)} - before
    return str(new)


def run_of(shell: Shell, conversation: str) -> str:
    (found,) = lines(shell("history", "show", conversation, "--json"))
    return str(found["panes"][0]["turns"][0]["runs"][0]["id"])


COMMANDS = (
    "list", "search", "show", "export", "import", "delete", "restore", "purge", "rename", "tag",
    "pin", "unpin", "rate", "votes", "backup", "check",
)  # fmt: skip


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_helps(shell: Shell, command: str) -> None:
    done = shell("history", *command.split(), "--help")
    assert done.stdout.startswith(f"Usage: playground history{f' {command}' * bool(command)} ")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_wrong_command_is_answered_with_the_nearest(shell: Shell) -> None:
    done = shell("history", "lst")
    assert "Did you mean 'list'" in done.stderr
    assert done.returncode == 2


def test_an_empty_history_says_so(shell: Shell) -> None:
    done = shell("history", "list")
    assert (done.stdout, done.stderr, done.returncode) == ("", "Nothing is kept yet.\n", 0)
    assert listed(shell) == []
    assert "Nothing kept is like that" in shell("history", "search", "x").stderr


def test_what_was_asked_is_listed_found_shown_and_labelled(shell: Shell) -> None:
    first = asked(shell, "昔々 one", "-t", "1.5")
    second = asked(shell, "two words", "-t", "0.2")
    assert [found["id"] for found in listed(shell)] == [second, first]
    assert [Summary.model_validate(found).models for found in listed(shell)] == [
        ("scripted:echo",),
        ("scripted:echo",),
    ]
    table = shell("history", "list").stdout.splitlines()
    assert table[0].split() == ["ID", "LAST", "RUNS", "MODELS", "TITLE"]
    assert table[1].startswith(second)
    (hit,) = lines(shell("history", "search", "々", "--json"))
    assert (hit["conversation"], hit["snippet"]) == (first, "昔々 one")
    assert [f["conversation"] for f in lines(shell("history", "search", "--json"))] == [
        second,
        first,
    ]

    assert shell("history", "rename", first, "My  tale").returncode == 0
    assert shell("history", "pin", first).returncode == 0
    assert shell("history", "tag", first, "good", "日本").stdout == "good\n日本\n"
    assert shell("history", "tag", first, "good", "--remove").stdout == "日本\n"
    (top, _) = listed(shell)
    assert (top["id"], top["title"], top["tags"]) == (first, "My tale", ["日本"])
    assert shell("history", "unpin", first).returncode == 0
    assert [found["id"] for found in listed(shell)] == [second, first]

    shown = shell("history", "show", first[:6]).stdout
    assert "My tale" in shown
    assert "> 昔々 one" in shown
    assert "--- A scripted:echo: " in shown
    run = run_of(shell, first)
    shown = shell("history", "show", run).stdout
    assert re.search(r"^temperature +1\.5$", shown, re.MULTILINE)
    assert "    昔々 one" in shown.split("answer:")[1]


def test_filters_choose_by_model_day_tag_and_knob(shell: Shell) -> None:
    hot = asked(shell, "a", "-t", "1.5")
    cold = asked(shell, "b", "-t", "0.2", "--max-length", "3", model="scripted:lorem")
    shell("history", "tag", cold, "x")

    def found(*arguments: str) -> list[str]:
        by_list = [item["id"] for item in listed(shell, *arguments)]
        hits = lines(shell("history", "search", "--json", *arguments))
        assert [item["conversation"] for item in hits] == by_list
        return by_list

    assert found("--param", "temperature>1") == [hot]
    assert found("--param", "temperature<=1", "--param", "max_length=3") == [cold]
    assert found("--model", "scripted:lorem") == [cold]
    assert found("--model", "scripted:") == [cold, hot]
    assert found("--tag", "x") == [cold]
    assert found("--since", "1h") == [cold, hot]
    assert found("--until", "1h") == []
    assert found("--since", "2099-01-01") == []
    assert found("--limit", "1") == [cold]
    assert "There are more" in shell("history", "list", "--limit", "1").stderr


REFUSED: tuple[tuple[tuple[str, ...], str], ...] = (
    (("list", "--since", "yesterdayish"), "'yesterdayish' is no date"),
    (("list", "--since", "0001-01-01"), "is no date"),
    (("search", "--param", "temprature>1"), "Did you mean 'temperature'"),
    (("search", "--param", "hot"), "is not a condition"),
    (("search", "--limit", "0"), "--limit"),
    (("show", "nothing"), "no conversation and no run 'nothing'"),
    (("delete", "nothing"), "There is no conversation 'nothing'"),
    (("show", "ID", "--as", "pyton"), "Did you mean 'python'"),
    (("show", "ID", "--as", "receipt"), "is a conversation, and receipt is of one run"),
    (("export",), "Either name conversations or say --all"),
    (("export", "ID", "--all"), "Either name conversations or say --all"),
    (("export", "ID", "--tag", "x"), "Filters go with --all"),
    (("export", "--all", "-f", "htm"), "Did you mean 'html'"),
    (("export", "--all", "-o", "file.xyz"), "says no format"),
    (("rename", "ID", " "), "The title is empty"),
    (("tag", "ID", "--remove"), "Say which tags"),
    (("rate", "RUN"), "Give --stars"),
    (("rate", "RUN", "--stars", "6"), "--stars"),
    (("rate", "RUN", "--stars", "3", "--clear"), "--clear alone"),
    (("rate", "RUN", "--answer", "2", "--stars", "3"), "has no answer 2"),
)
"""What is asked for, and what is said of it; ID and RUN stand for real ones."""


def test_what_cannot_be_meant_exits_2_in_one_line(shell: Shell) -> None:
    name = asked(shell, "one")
    real = {"ID": name, "RUN": run_of(shell, name)}
    for arguments, said in REFUSED:
        done = shell("history", *(real.get(word, word) for word in arguments))
        assert said in done.stderr, arguments
        assert done.returncode == 2, arguments
        assert "Traceback" not in done.stderr
        if "Usage" not in done.stderr:
            assert done.stderr.count("\n") == 1


def test_a_mistyped_id_is_answered_with_the_nearest(shell: Shell) -> None:
    name = asked(shell, "one")
    swapped = f"{name[:4]}{'y' if name[4] != 'y' else 'z'}{name[5:]}"
    assert f"Did you mean '{name}'" in shell("history", "show", swapped).stderr
    run = run_of(shell, name)
    swapped = f"{run[:4]}{'y' if run[4] != 'y' else 'z'}{run[5:]}"
    done = shell("replay", swapped)
    assert f"Did you mean '{run}'" in done.stderr
    assert done.returncode == 2


def test_deleting_says_how_to_undo_it_and_that_undoes_it(shell: Shell) -> None:
    name = asked(shell, "one")
    done = shell("history", "delete", name[:7])
    assert listed(shell) == []
    assert [found["id"] for found in listed(shell, "--deleted")] == [name]
    undo = re.search(r"playground (history restore \S+)", done.stderr)
    assert undo is not None
    assert "Brought back" in shell(*undo[1].split()).stderr
    assert [found["id"] for found in listed(shell)] == [name]
    assert "Was not deleted" in shell("history", "restore", name).stderr


def test_removing_for_good_wants_to_be_said(shell: Shell) -> None:
    name = asked(shell, "a secret that goes")
    shell("history", "delete", name)
    refused = shell("history", "purge")
    assert "1 deleted conversations would be removed for good" in refused.stderr
    assert refused.returncode == 2
    assert len(listed(shell, "--deleted")) == 1
    assert shell("history", "purge", "--yes").returncode == 0
    assert listed(shell, "--deleted") == []


def test_answers_are_rated_and_the_rating_changed_and_taken_away(shell: Shell) -> None:
    name = asked(shell, "a b", "--n", "2")
    run = run_of(shell, name)

    def ratings() -> list[dict[str, Any]]:
        (found,) = lines(shell("history", "show", run, "--json"))
        return list(RunRecord.model_validate(found).model_dump()["ratings"])

    shell("history", "rate", run, "--answer", "2", "--stars", "4")
    shell("history", "rate", run, "--answer", "2", "--note", "よい")
    assert ratings() == [{"run": run, "choice": 1, "stars": 4, "note": "よい"}]
    assert "rated: 4 of 5, よい" in shell("history", "show", run).stdout
    shell("history", "rate", run, "--answer", "2", "--clear")
    assert ratings() == []


def voted(shell: Shell) -> tuple[str, str]:
    """Two conversations of two models each, with three votes and one: their ids."""
    names = []
    for verdicts in (("A", "A", "tie"), ("bad",)):
        name = asked(shell, "hello", "-m", "scripted:lorem", "--max-length", "3")
        names.append(name)
        with History.open() as history:
            runs = history.conversation(name).runs
            candidates = [
                Candidate(
                    run=run.id, model=run.model, setting=settings_text(run.params), text=run.text
                )
                for run in runs
            ]
            for verdict in verdicts:
                history.add_vote(BlindTest("hello", tuple(candidates)).vote(verdict))
    return names[0], names[1]


def test_votes_are_counted_by_model_and_by_setting_with_an_interval(shell: Shell) -> None:
    done = shell("history", "votes")
    assert (done.stdout, done.returncode) == ("", 0)
    assert "Nobody has voted yet" in done.stderr
    first, second = voted(shell)
    done = shell("history", "votes")
    assert done.stdout.splitlines() == [
        "4 votes",
        "",
        "MODEL           WINS  LOSSES  TIES  BAD  SHARE  95 % INTERVAL",
        "scripted:echo      2       0     1    1  100 %  34 % to 100 %",
        "scripted:lorem     0       2     1    1    0 %    0 % to 66 %",
        "",
        "MODEL           SETTING       WINS  LOSSES  TIES  BAD  SHARE  95 % INTERVAL",
        "scripted:echo   max_length 3     2       0     1    1  100 %  34 % to 100 %",
        "scripted:lorem  max_length 3     0       2     1    1    0 %    0 % to 66 %",
    ]
    (found,) = lines(shell("history", "votes", "--json"))
    assert found["votes"] == 4
    assert found["settings"] == []
    low, high = wilson_interval(2, 2)
    assert found["models"][0] == {
        "model": "scripted:echo", "wins": 2, "losses": 0, "ties": 1, "bad": 1, "share": 1.0,
        "interval": [low, high],
    }  # fmt: skip
    assert found["both"][1]["setting"] == "max_length 3"
    (found,) = lines(shell("history", "votes", second, "--json"))
    assert (found["votes"], found["models"][0]["bad"]) == (1, 1)
    assert lines(shell("history", "votes", "--since", "1h", "--json"))[0]["votes"] == 4
    assert lines(shell("history", "votes", "--until", "1h", "--json"))[0]["votes"] == 0
    shown = shell("history", "show", first).stdout
    assert shown.count("Blind test, ") == 3
    name = "max_length 3"
    assert f": scripted:echo · {name} over scripted:lorem · {name}\n" in shown
    assert f": a tie of scripted:echo · {name} and scripted:lorem · {name}\n" in shown


def test_votes_go_out_and_come_back_with_their_conversation(shell: Shell, tmp_path: Path) -> None:
    first, _ = voted(shell)
    path = tmp_path / "kept.jsonl"
    assert shell("history", "export", first, "-o", str(path)).returncode == 0
    elsewhere = {**os.environ, "PLAYGROUND_DATA_DIR": str(tmp_path / "elsewhere")}
    done = shell("history", "import", str(path), env=elsewhere)
    assert "Added: 1 conversation, 2 runs, 3 votes." in done.stderr
    (there,) = lines(shell("history", "votes", "--json", env=elsewhere))
    (here,) = lines(shell("history", "votes", first, "--json"))
    assert there == here


@pytest.mark.parametrize("form", list(FORMATS))
def test_what_is_exported_is_the_format_to_a_pipe_or_a_file(
    shell: Shell, tmp_path: Path, form: str
) -> None:
    name = asked(shell, "日本 \x1b[1m", "--n", "2")
    path = tmp_path / f"out{FORMATS[form].suffix}"
    done = shell("history", "export", name, "--format", form, "--output", str(path))
    assert (done.stdout, done.returncode) == ("", 0)
    (found,) = lines(shell("history", "show", name, "--json"))
    record = ConversationRecord.model_validate(found)
    with path.open(encoding="utf-8", newline="") as file:
        written = file.read()
    assert "日本" in written
    if form not in ("csv", "markdown", "html"):  # whose times are in the zone of the reader
        assert written == FORMATS[form].write([record])
    assert shell("history", "export", "--all", "-f", form).stdout == written


def test_a_file_that_is_there_is_not_written_over(shell: Shell, tmp_path: Path) -> None:
    asked(shell, "one")
    path = tmp_path / "mine.md"
    path.write_text("mine")
    for arguments in (("export", "--all", "-o", str(path)), ("backup", str(path))):
        done = shell("history", *arguments)
        assert "is there already" in done.stderr
        assert done.returncode != 0
    assert path.read_text() == "mine"


def test_a_file_for_which_the_disk_has_no_room_is_named_and_taken_away(
    shell: Shell, tmp_path: Path
) -> None:
    asked(shell, "long enough " * 8000)
    path = tmp_path / "out.md"

    def leave_little_room() -> None:
        # Stands for a full disk: what goes beyond is refused with an error that names no file.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))

    export = ("history", "export", "--all", "-o", str(path))
    done = shell(*export, preexec_fn=leave_little_room)
    assert f"Error: {path} cannot be written: File too large." in done.stderr
    assert done.returncode == 1
    assert not path.exists()


def test_export_all_takes_what_the_filters_leave(shell: Shell) -> None:
    asked(shell, "hot one", "-t", "1.5")
    asked(shell, "cold one", "-t", "0.5")
    done = shell("history", "export", "--all", "--param", "temperature>1", "-f", "messages")
    (found,) = lines(done)
    assert found["messages"][0]["content"] == "hot one"


def test_an_export_of_nothing_fails_and_writes_no_file(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "out.md"
    for arguments, said in (
        ((), "Nothing is kept yet. Nothing was written."),
        (("--tag", "no-such"), "Nothing kept is like that. Nothing was written."),
    ):
        done = shell("history", "export", "--all", "-o", str(path), *arguments)
        assert (done.stderr, done.returncode) == (f"Error: {said}\n", 2)
        asked(shell, "one")
    assert not path.exists()


def test_what_was_exported_is_imported_elsewhere_once(shell: Shell, tmp_path: Path) -> None:
    name = asked(shell, "日本")
    path = tmp_path / "kept.jsonl"
    shell("history", "export", "--all", "-o", str(path))
    elsewhere = {**os.environ, "PLAYGROUND_DATA_DIR": str(tmp_path / "elsewhere")}
    done = shell("history", "import", str(path), env=elsewhere)
    assert "Added: 1 conversation, 1 run." in done.stderr
    again = shell("history", "import", str(path), "--json", env=elsewhere)
    assert lines(again)[0]["conversations_there"] == 1
    assert [f["id"] for f in lines(shell("history", "list", "--json", env=elsewhere))] == [name]
    broken = tmp_path / "broken.jsonl"
    broken.write_text(path.read_text().replace('"kind": "run"', '"kind": "sprint"'))
    done = shell("history", "import", str(broken), env=elsewhere)
    assert f"{broken}, line 6" in done.stderr
    assert "Nothing was imported" in done.stderr
    assert done.returncode == 1


def test_a_backup_is_a_whole_history(shell: Shell, tmp_path: Path) -> None:
    name = asked(shell, "one")
    assert "no damage found" in shell("history", "check").stdout
    (tmp_path / "copy").mkdir()
    assert shell("history", "backup", str(tmp_path / "copy" / "history.db")).returncode == 0
    copy = {**os.environ, "PLAYGROUND_DATA_DIR": str(tmp_path / "copy")}
    assert [f["id"] for f in lines(shell("history", "list", "--json", env=copy))] == [name]


def test_a_history_of_a_newer_playground_is_left_alone(shell: Shell) -> None:
    asked(shell, "one")
    file = data_dir() / "history.db"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = file.read_bytes()
    for arguments in (("history", "list"), ("history", "check"), ("replay", "x")):
        done = shell(*arguments)
        assert "newer playground" in done.stderr
        assert (done.stdout, done.returncode) == ("", 1)
    assert file.read_bytes() == before


def test_a_damaged_history_is_said_and_kept(shell: Shell) -> None:
    asked(shell, "one")
    file = data_dir() / "history.db"
    file.write_bytes(damage := b"this is no history" * 500)
    done = shell("history", "list")
    kept = re.search(r"set aside as (\S+);", done.stderr)
    assert kept is not None
    assert done.returncode == 1
    assert (data_dir() / kept[1]).read_bytes() == damage
    assert shell("history", "list").stderr == "Nothing is kept yet.\n"


def test_of_a_damaged_history_what_can_be_read_is_exported(shell: Shell, tmp_path: Path) -> None:
    names = [asked(shell, word) for word in ("one", "two", "three")]
    db = sqlite3.connect(data_dir() / "history.db")
    # What a page of noise does to one run: its messages cannot be read.
    db.execute(
        "UPDATE runs SET messages = 'noise' WHERE turn IN (SELECT turns.id FROM turns"
        " JOIN panes ON panes.id = turns.pane WHERE conversation = ?)",
        (names[1],),
    )
    db.commit()
    db.close()
    file = tmp_path / "rescued.jsonl"
    done = shell("history", "export", "--all", "--output", str(file))
    assert done.returncode == 1
    assert f"The conversation {names[1]} is left out." in done.stderr
    text = file.read_text()
    assert names[0] in text
    assert names[2] in text
    assert json.loads(text.splitlines()[-1])["kind"] == "end"


def test_whoever_stops_reading_ends_it(shell: Shell) -> None:
    asked(shell, "word " * 20_000)
    command = f"{' '.join(COMMAND)} history export --all | head -c 10"
    done = subprocess.run(command, shell=True, capture_output=True, check=False)
    assert done.stdout == b"# word wor"
    assert done.stderr == b""


def test_on_a_terminal_a_row_is_a_line_and_nothing_is_obeyed(shell: Shell) -> None:
    name = asked(
        shell, "昔々あるところに、とても小さなお城がありました。" * 3 + "\x1b]0;owned\x07\u202e"
    )
    shell("history", "tag", name, "\x1b[31mred")
    for arguments in (("list",), ("search", "小さな")):
        child = pexpect.spawn(
            COMMAND[0], [*COMMAND[1:], "history", *arguments], dimensions=(24, 80),
            encoding="utf-8", timeout=30,
        )  # fmt: skip
        child.expect(pexpect.EOF)
        rows = child.before.split("\r\n")
        child.close()
        assert child.exitstatus == 0
        assert max(map(cell_len, rows)) < 80
        assert len(rows) == 3
    shown = pexpect.run(" ".join([*COMMAND, "history", "show", name]), encoding="utf-8")
    for text in (*rows, shown):
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "\u202e" not in text


def test_a_run_is_replayed_and_shown_as_what_repeats_it(shell: Shell) -> None:
    name = asked(shell, "Once upon a time", "-t", "1", "--max-length", "12", model="demo:small")
    run = run_of(shell, name)
    done = shell("replay", run[:6])
    assert (done.stdout, done.returncode) == ("identical\n", 0)
    (found,) = lines(shell("replay", run, "--json"))
    assert (found["identical"], found["partings"], found["run"]) == (True, [], run)
    receipt = shell("history", "show", run, "--as", "receipt").stdout
    assert Receipt.model_validate_json(receipt).model == "demo:small"
    assert "from playground import" in shell("history", "show", run, "--as", "python").stdout
    assert "curl " in shell("history", "show", run, "--as", "curl").stdout
    assert "--single-turn" in shell("history", "show", run, "--as", "llama-cli").stdout


def test_a_replay_that_parts_exits_1_and_says_where_and_what_differs(
    shell: Shell, tmp_path: Path
) -> None:
    run = run_of(shell, asked(shell, "one two three"))
    path = tmp_path / "elsewhere.jsonl"
    exported = lines(shell("history", "export", "--all", "-f", "jsonl"))
    for line in exported:
        if line.get("kind") == "run":
            line["choices"][0]["text"] = "one 2 three"
            line["receipt"]["hardware"] = "an abacus"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in exported))
    elsewhere = {**os.environ, "PLAYGROUND_DATA_DIR": str(tmp_path / "elsewhere")}
    assert shell("history", "import", str(path), env=elsewhere).returncode == 0
    done = shell("replay", run, env=elsewhere)
    first, second = done.stdout.splitlines()
    assert first == 'parted at word 2: " two" instead of " 2"'
    assert second.startswith("hardware: an abacus then, ")
    assert done.returncode == 1
