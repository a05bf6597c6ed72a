"""Pulling on bad days: each is an error that says what to do and leaves nothing wrong behind."""

from __future__ import annotations

import errno
import gzip
import hashlib
import shutil
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from playground import hub
from playground.errors import (
    AuthenticationFailed,
    BadResponse,
    ConfigurationError,
    ModelFileError,
    NoSpace,
    PermissionDenied,
    PlaygroundError,
    RateLimited,
    ServerFailed,
    UnknownModel,
    Unreachable,
)
from tests.hub.conftest import MIDDLE, REPO, SMALL, TOKEN, Notes, everything_in, pull
from tests.hub.test_offers import HOSTILE
from tests.servers.hub import LoopbackHub, Repo


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_writes_nothing(
    server: LoopbackHub, models: Path, tmp_path: Path, name: str
) -> None:
    server.has(REPO, {name: SMALL})
    before = {path for path in tmp_path.rglob("*") if "hub-home" not in str(path)}
    with pytest.raises(UnknownModel, match="left out: its name"):
        pull()
    assert {path for path in tmp_path.rglob("*") if "hub-home" not in str(path)} == before
    assert server.downloads == []


def test_a_wrong_checksum_leaves_nothing(rocket: Repo, models: Path) -> None:
    rocket.sends["rocket-Q4_K_M.gguf"] = MIDDLE[:-1] + bytes([MIDDLE[-1] ^ 1])
    with pytest.raises(ModelFileError, match=r"wrong checksum .* was removed.*Pull it again"):
        pull()
    assert everything_in(models) == {}
    assert hub.pulled() == []
    del rocket.sends["rocket-Q4_K_M.gguf"]
    assert pull().path.read_bytes() == MIDDLE


def test_a_damaged_part_does_not_survive_its_resumption(rocket: Repo, models: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        pull(watcher=Notes(interrupt_after=100_000))
    (part,) = models.rglob("*.part")
    part.write_bytes(bytes(part.stat().st_size))
    with pytest.raises(ModelFileError, match="wrong checksum"):
        pull()
    assert pull().path.read_bytes() == MIDDLE


@pytest.mark.parametrize("chunked", [True, False])
def test_more_than_was_announced_is_not_written(rocket: Repo, models: Path, chunked: bool) -> None:
    rocket.sends["rocket-Q4_K_M.gguf"] = MIDDLE + b"and more"
    rocket.chunked = chunked
    with pytest.raises(BadResponse, match="announced"):
        pull()
    assert everything_in(models) == {}


def test_another_piece_than_was_asked_for_is_not_stuck_on(rocket: Repo, models: Path) -> None:
    rocket.breaks_after, rocket.range_lie = [50_000], 7
    with pytest.raises(BadResponse, match=r"Another piece.*start anew"):
        pull()
    assert everything_in(models) == {}


@pytest.mark.parametrize("size", [10**15, 10**30])
def test_room_is_looked_for_before_anything_is_fetched(
    rocket: Repo, server: LoopbackHub, models: Path, size: int
) -> None:
    rocket.describes["rocket-Q4_K_M.gguf"] = {"size": size}
    with pytest.raises(NoSpace, match=r"TB are to come and 64.0 MB are to stay free.*Make room"):
        pull()
    assert server.downloads == []
    assert not models.exists()


def test_what_is_there_already_needs_no_room(
    rocket: Repo, server: LoopbackHub, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = pull()
    free = shutil.disk_usage(models)._replace(free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: free)
    assert pull() == there
    with pytest.raises(NoSpace, match="has only 0 bytes"):
        pull(f"hf:{REPO}:Q8_0")
    assert len(server.downloads) == 1


@pytest.mark.parametrize("size", [-1, 0, None, "many"])
def test_a_size_that_cannot_be_is_left_out(rocket: Repo, models: Path, size: Any) -> None:
    rocket.describes["rocket-Q4_K_M.gguf"] = {"size": size}
    with pytest.raises(UnknownModel, match="has no Q4_K_M"):
        pull(f"hf:{REPO}:Q4_K_M")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_is_full_halfway_is_an_error_that_says_so(rocket: Repo, models: Path) -> None:
    checksum = hashlib.sha256(MIDDLE).hexdigest()
    part = models / REPO / f"rocket-Q4_K_M.gguf.{checksum[:12]}.part"
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")
    with pytest.raises(NoSpace, match="full after 0 bytes of rocket-Q4_K_M") as error:
        pull()
    assert isinstance(error.value.__cause__, OSError)
    assert error.value.__cause__.errno == errno.ENOSPC


def test_a_folder_that_cannot_be_is_named(rocket: Repo, models: Path) -> None:
    models.write_text("not a folder")
    with pytest.raises(ConfigurationError, match=r"models.* cannot be written.*model_folders"):
        pull()


@pytest.mark.parametrize(
    ("status", "headers", "token", "kind", "says"),
    [
        (404, {}, "", UnknownModel, "shows no repository .* set HF_TOKEN"),
        (401, {}, "", UnknownModel, "shows no repository .* set HF_TOKEN"),
        (401, {"X-Error-Code": "RepoNotFound"}, TOKEN, UnknownModel, "may not read it"),
        (401, {}, TOKEN, AuthenticationFailed, "does not accept the token"),
        (403, {"X-Error-Code": "GatedRepo"}, "", PermissionDenied, "gated.*then set HF_TOKEN"),
        (403, {"X-Error-Code": "GatedRepo"}, TOKEN, PermissionDenied, "gated.*token in use"),
        (403, {}, TOKEN, PermissionDenied, "not allowed"),
        (429, {"Retry-After": "30"}, "", RateLimited, "Try again in 30 seconds"),
        (503, {}, "", ServerFailed, "answered 503"),
        (418, {}, "", BadResponse, "answered 418"),
    ],
)
@pytest.mark.parametrize("where", ["list", "get"])
def test_a_refusal_says_what_to_do(
    rocket: Repo,
    models: Path,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    status: int,
    headers: dict[str, str],
    token: str,
    kind: type[PlaygroundError],
    says: str,
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    rocket.refuses[where] = (status, headers)
    with pytest.raises(kind, match=says):
        pull()
    assert everything_in(models) == {}
    assert not (models / REPO).exists()


def test_an_unknown_repository(server: LoopbackHub) -> None:
    with pytest.raises(UnknownModel, match="shows no repository acme/None"):
        pull("hf:acme/None")


def test_a_repository_without_gguf_files(server: LoopbackHub) -> None:
    server.has(REPO, {"model.safetensors": b"x", "imatrix.gguf": SMALL})
    with pytest.raises(UnknownModel, match=r"has no GGUF files\. Look for"):
        pull()


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>", b"[]", b"{}", b'{"id": 1, "siblings": [{}]}', b'{"id":"x","sha":"main"}',
        b"[" * 200_000,
    ],
)  # fmt: skip
def test_an_answer_that_no_hub_gives(rocket: Repo, answer: bytes) -> None:
    rocket.answer = answer
    with pytest.raises(BadResponse, match="HF_ENDPOINT"):
        pull()


def test_of_a_list_no_more_is_read_or_unpacked_than_a_list_may_have(
    rocket: Repo, server: LoopbackHub
) -> None:
    """Half a megabyte of gzip may hold a gigabyte."""
    rocket.answer, rocket.packed = gzip.compress(b" " * 100_000_000, compresslevel=1), "gzip"
    tracemalloc.start()
    try:
        with pytest.raises(BadResponse, match="packed"):
            pull()
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()
    assert server.seen[0].headers["accept-encoding"] == "identity"
    rocket.answer, rocket.packed = b" " * 17_000_000, ""
    with pytest.raises(BadResponse, match="16,000,000 bytes"):
        pull()


def test_no_network(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with LoopbackHub() as gone:
        url = gone.url
    monkeypatch.setenv("HF_ENDPOINT", url)
    with pytest.raises(Unreachable, match=r"no connection to 127\.0\.0\.1.*Check the network"):
        pull()


def test_who_chose_to_be_offline_stays_offline(
    rocket: Repo, server: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(Unreachable, match="HF_HUB_OFFLINE is set"):
        pull()
    assert server.seen == []


@pytest.mark.parametrize("where", ["file:///etc/passwd", "/acme/none/resolve", "http://[bad"])
def test_a_redirect_to_nowhere(rocket: Repo, server: LoopbackHub, models: Path, where: str) -> None:
    server.redirect = server.url + where if where.startswith("/") else where
    with pytest.raises(PlaygroundError):
        pull()
    assert everything_in(models) == {}


@pytest.mark.parametrize("endpoint", ["localhost", "ftp://x", "http://", "http://me:pass@host"])
def test_an_endpoint_that_is_none(
    models: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    with pytest.raises(ConfigurationError, match="HF_ENDPOINT") as caught:
        pull()
    assert "pass@" not in str(caught.value)


def test_without_the_library_the_way_to_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ConfigurationError, match="pip install 'huggingface_hub>=2'"):
        pull()


def test_the_token_goes_to_the_endpoint_and_nowhere_else(
    rocket: Repo, server: LoopbackHub, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    pull()
    assert [one.headers.get("authorization") for one in server.seen] == [f"Bearer {TOKEN}"] * 2
    assert server.storage is not None
    assert len(server.storage.seen) == 1
    assert TOKEN not in str(server.storage.seen)
    assert TOKEN.encode() not in b"".join(path.read_bytes() for path in models.rglob("*.json"))


def test_a_server_that_repeats_the_token_gets_it_into_no_error(
    rocket: Repo, server: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    rocket.refuses["list"] = (403, {"X-Error-Message": f"{TOKEN} may not"})
    with pytest.raises(PermissionDenied) as caught:
        pull()
    assert TOKEN not in f"{caught.value} {caught.value.__cause__!r}"
    rocket.refuses["list"] = (403, {"X-Error-Message": "never"})
    with pytest.raises(PermissionDenied) as caught:
        pull()
    assert caught.value.__cause__ is not None
