"""Pulling on good days: what comes, what is kept, and how it goes on after an interruption."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from playground import hub
from playground.errors import (
    PlaygroundError,
    TimedOut,
    UnknownModel,
    Unreachable,
    UsageError,
)
from playground.hub import HubRef, Watcher, client, fetching, pulling
from playground.hub.offers import HubFile
from playground.providers.registry import find_provider
from tests.hub.conftest import LARGE, MIDDLE, REPO, SMALL, Notes, everything_in, pull
from tests.servers.hub import COMMIT, LoopbackHub, Repo


def test_a_pull_brings_one_file_checked_to_where_local_finds_it(
    rocket: Repo, server: LoopbackHub, models: Path
) -> None:
    notes = Notes()
    got = pull(watcher=notes)
    assert got.path == models / REPO / "rocket-Q4_K_M.gguf"
    assert everything_in(models) == {f"{REPO}/rocket-Q4_K_M.gguf": MIDDLE}
    assert notes.checked == ["rocket-Q4_K_M.gguf"]
    assert f"/resolve/{COMMIT}/" in server.downloads[0].path
    local = [str(info.ref) for info in find_provider("local").models()]
    assert local == [got.ref] == [f"local:{got.path}"]


def test_the_quantisation_asked_for_is_what_comes(rocket: Repo, models: Path) -> None:
    assert pull(f"hf:{REPO}:q8_0").path.read_bytes() == LARGE


def test_split_files_come_together_and_are_listed_as_one(server: LoopbackHub, models: Path) -> None:
    names = [f"Q8_0/big-Q8_0-0000{number}-of-00003.gguf" for number in (1, 2, 3)]
    server.has(REPO, dict(zip(names, (SMALL, MIDDLE, LARGE), strict=True)))
    got = pull()
    assert sorted(everything_in(models)) == [f"{REPO}/{name}" for name in names]
    assert got.path.name == "big-Q8_0-00001-of-00003.gguf"
    assert [info.ref.model for info in find_provider("local").models()] == [str(got.path)]


def test_no_part_of_a_split_file_is_listed_before_all_are_there(
    server: LoopbackHub, models: Path
) -> None:
    names = [f"big-Q8_0-0000{number}-of-00002.gguf" for number in (1, 2)]
    server.has(REPO, dict(zip(names, (SMALL, LARGE), strict=True)))
    with pytest.raises(KeyboardInterrupt):
        pull(watcher=Notes(interrupt_after=len(SMALL) + 1))
    assert [*find_provider("local").models()] == []
    pull()
    assert len([*find_provider("local").models()]) == 1
    assert [one.path.endswith(names[0]) for one in server.downloads] == [True, False, False]


def test_what_is_there_is_not_fetched_again(
    rocket: Repo, server: LoopbackHub, models: Path
) -> None:
    pull()
    pull()
    assert len(server.downloads) == 1


def test_a_new_version_takes_the_place_of_the_old(rocket: Repo, models: Path) -> None:
    pull()
    rocket.files["rocket-Q4_K_M.gguf"] = SMALL
    rocket.commit = "f" * 40
    got = pull()
    assert everything_in(models) == {f"{REPO}/rocket-Q4_K_M.gguf": SMALL}
    assert [(one.commit, one.whole) for one in hub.pulled()] == [("f" * 40, True)]
    assert got.commit == "f" * 40


def test_a_file_that_was_not_pulled_is_not_overwritten(rocket: Repo, models: Path) -> None:
    mine = models / REPO / "rocket-Q4_K_M.gguf"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"GGUF of my own")
    with pytest.raises(UsageError, match=r"is there already.*Move it away"):
        pull()
    assert mine.read_bytes() == b"GGUF of my own"


def test_a_file_that_another_tool_has_fetched_is_linked(
    rocket: Repo,
    server: LoopbackHub,
    models: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "hub-home" / "hub" / f"models--{REPO.replace('/', '--')}"
    blob = folder / "blobs" / hashlib.sha256(MIDDLE).hexdigest()
    pointer = folder / "snapshots" / COMMIT / "rocket-Q4_K_M.gguf"
    for path in (blob, pointer):
        path.parent.mkdir(parents=True)
    blob.write_bytes(MIDDLE)
    pointer.symlink_to(blob)
    rocket.refuses["get"] = (500, {})
    monkeypatch.setattr(pulling, "check_room", lambda _folder, to_come: to_come == 0 or 1 / 0)
    got = pull()
    assert got.path.samefile(blob)
    assert server.downloads == []


def test_a_file_outside_of_lfs_has_no_checksum_and_that_is_said(rocket: Repo, models: Path) -> None:
    rocket.describes["rocket-Q4_K_M.gguf"] = {"sha256": None}
    notes = Notes()
    assert pull(watcher=notes).path.read_bytes() == MIDDLE
    assert "gives no checksum for rocket-Q4_K_M.gguf" in notes.notes[0]


def test_an_interrupted_pull_goes_on_where_it_was(
    rocket: Repo, server: LoopbackHub, models: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        pull(watcher=Notes(interrupt_after=100_000))
    ((name, begun),) = everything_in(models).items()
    assert name.endswith(".part")
    assert MIDDLE.startswith(begun)
    assert len(begun) >= 100_000
    assert [*find_provider("local").models()] == []
    assert pull().path.read_bytes() == MIDDLE
    assert server.downloads[-1].start == len(begun)
    assert [*everything_in(models)] == [f"{REPO}/rocket-Q4_K_M.gguf"]


def test_a_connection_that_breaks_off_is_taken_up_again(
    rocket: Repo, server: LoopbackHub, models: Path
) -> None:
    rocket.breaks_after = [50_000, 50_000, 0, 0]
    notes = Notes()
    assert pull(watcher=notes).path.read_bytes() == MIDDLE
    assert [one.start for one in server.downloads] == [0, 50_000, 100_000, 100_000, 100_000]
    assert all("Trying again" in note for note in notes.notes)


def test_a_connection_that_stays_broken_is_given_up_and_what_came_is_kept(
    rocket: Repo, server: LoopbackHub, models: Path
) -> None:
    rocket.breaks_after = [50_000, *[0] * 20]
    with pytest.raises(Unreachable, match="the same command goes on from there"):
        pull()
    assert len(server.downloads) == 1 + fetching.ATTEMPTS - 1
    assert [len(content) for content in everything_in(models).values()] == [50_000]


def test_a_server_that_cannot_resume_sends_all_of_it_again(
    rocket: Repo, server: LoopbackHub, models: Path
) -> None:
    rocket.breaks_after, rocket.heeds_range = [50_000], False
    assert pull().path.read_bytes() == MIDDLE
    assert [one.start for one in server.downloads] == [0, 50_000]


@pytest.mark.parametrize("breaks", [[50_000, 10_000], [1]])
def test_a_server_that_never_gets_further_is_given_up(
    rocket: Repo, server: LoopbackHub, models: Path, breaks: list[int]
) -> None:
    rocket.breaks_after, rocket.heeds_range = breaks * 20, breaks == [1]
    with pytest.raises(Unreachable):
        pull()
    assert len(server.downloads) <= fetching.ATTEMPTS + 1


def test_a_new_version_is_not_stuck_onto_a_part_of_the_old(
    rocket: Repo, server: LoopbackHub, models: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        pull(watcher=Notes(interrupt_after=100_000))
    rocket.files["rocket-Q4_K_M.gguf"] = LARGE
    assert pull().path.read_bytes() == LARGE
    assert [one.start for one in server.downloads] == [0, 0]
    assert len(everything_in(models)) == 1


def test_a_stalled_download_is_noticed(
    rocket: Repo, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "STALL_SECONDS", 0.1)
    monkeypatch.setattr(fetching, "ATTEMPTS", 1)
    rocket.pause = 0.5
    with pytest.raises(TimedOut, match="What came is kept"):
        pull()


def test_two_pulls_do_not_write_the_same_file(rocket: Repo, models: Path) -> None:
    seen: list[str] = []

    class Meddler(Watcher):
        def progress(self, file: HubFile, done: int) -> None:
            if not seen:
                with pytest.raises(UsageError, match="is going on") as caught:
                    pull()
                seen.append(str(caught.value))

    assert pull(watcher=Meddler()).path.read_bytes() == MIDDLE
    assert seen


def test_removing_takes_what_was_pulled_and_nothing_else(rocket: Repo, models: Path) -> None:
    pull()
    pull(f"hf:{REPO}:Q2_K")
    mine = models / REPO / "mine.gguf"
    mine.write_bytes(SMALL)
    with pytest.raises(UsageError, match=f"2 models were pulled.*hf:{REPO}:Q4_K_M"):
        hub.find_pulled(HubRef.parse(f"hf:{REPO}"))
    assert hub.remove(hub.find_pulled(HubRef.parse(f"hf:{REPO}:q4_k_m"))) == len(MIDDLE)
    assert hub.remove(hub.find_pulled(HubRef.parse(f"hf:{REPO}"))) == len(SMALL)
    assert everything_in(models) == {f"{REPO}/mine.gguf": SMALL}
    with pytest.raises(UnknownModel, match="Nothing was pulled"):
        hub.find_pulled(HubRef.parse(f"hf:{REPO}"))


def test_removing_what_was_only_begun_leaves_no_trace(rocket: Repo, models: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        pull(watcher=Notes(interrupt_after=100_000))
    (begun,) = hub.pulled()
    assert not begun.whole
    assert begun.bytes_here >= 100_000
    hub.remove(begun)
    assert [*models.iterdir()] == []


def test_a_tampered_record_removes_nothing_outside(rocket: Repo, models: Path) -> None:
    pull()
    record = models / REPO / ".pulled.json"
    record.write_text(record.read_text().replace("rocket-Q4_K_M.gguf", "../../../victim.gguf"))
    with pytest.raises(PlaygroundError, match="not a record"):
        hub.pulled()
