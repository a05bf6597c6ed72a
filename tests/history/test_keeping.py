"""What is kept of a run, and that all of it comes back."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
import zlib
from pathlib import Path

import pytest

from playground.errors import RateLimited, UnknownRecord
from playground.export.layout import KeptAnswer
from playground.history import Filing, Filters, History, Rating, Recorder
from playground.history.restoring import restored
from playground.history.tokens import pack, unpack
from playground.params import GenerationParams
from playground.providers import open_model
from playground.providers.scripted import ScriptedModel
from playground.run import generate
from playground.sanitize import make_safe
from playground.types import Message
from tests.history.conftest import Keep, cast_on


async def test_a_beginning_that_was_given_as_tokens_comes_back_as_it_read(
    history: History,
) -> None:
    async with open_model("demo:small") as model:
        ids = await model.tokenize("Once upon")
        run = generate(model, "Tell me a story", prefix=ids, max_length=3, seed=1)
        run.prefix_text = "Once upon"
        await Recorder(history).follow(run)
    history.flush()
    kept = history.run(run.id)
    assert kept.prefix == tuple(ids)
    assert kept.beginning == "Once upon"
    assert restored(kept).prefix_text == "Once upon"
    assert KeptAnswer(kept, 0, chosen=True).text == f"Once upon{run.text}"


async def test_a_local_run_comes_back_with_everything_that_was_known_of_it(
    history: History,
) -> None:
    async with open_model("demo:small") as model:
        turns = [
            Message(role="user", content="My name is 太郎."),
            Message(role="assistant", content="Hello!"),
            Message(role="user", content="Tell me a story"),
        ]
        run = generate(model, turns, n=2, logprobs=5, max_length=12, temperature=1.2, seed=0)
        task = Recorder(history).follow(run, Filing(prompt="Tell me a story", system="Be brief."))
        await run
        await task
    history.flush()
    kept = history.run(run.id)
    assert kept.state == "done"
    assert kept.messages == run.messages
    assert kept.params == run.params
    assert [choice.text for choice in kept.choices] == [choice.text for choice in run.choices]
    assert (kept.usage, kept.timing) == (run.usage, run.timing)
    assert kept.plan == run.plan
    assert kept.answer() == run.answer()
    assert kept.receipt is not None
    assert kept.receipt.seed == 0
    assert run.receipt is not None
    assert kept.receipt.sampler_order == run.receipt.sampler_order
    for choice in (0, 1):
        tokens = history.tokens(run.id, choice)
        assert b"".join(token.data for token in tokens).decode() == kept.choices[choice].text
        assert [token.token_id for token in tokens] == [
            token.token_id for token in run.choices[choice].tokens
        ]
        assert tokens[0].draw is not None
        assert len(tokens[0].alternatives) == 5


async def test_a_receipt_names_the_file_its_sum_the_template_versions_and_the_machine(
    history: History,
) -> None:
    async with open_model("demo:tiny") as model:
        run = generate(model, "Hello", max_length=2)
        await Recorder(history).follow(run, Filing(prompt="Hello"))
    history.flush()
    receipt = history.run(run.id).receipt
    assert receipt is not None
    file = receipt.provenance.file
    assert file is not None
    assert file.sha256 == hashlib.sha256(Path(file.path).read_bytes()).hexdigest()
    assert len(receipt.provenance.template) == 64
    assert receipt.provenance.engine["threads"] == 1
    assert {"python", "chat-playground", "llama-cpp-python"} <= set(receipt.versions)
    assert "CPUs" in receipt.hardware


async def test_a_run_that_a_script_has_followed_is_a_conversation_of_its_own(
    history: History,
) -> None:
    run = generate(ScriptedModel(["Hi."]), "Hello", system="Be brief.")
    await Recorder(history).follow(run)
    history.flush()
    (found,) = history.conversations()
    assert (found.title, found.origin, found.runs) == ("Hello", "script", 1)
    assert history.run(run.id).text == "Hi."


async def test_a_failed_run_is_kept_with_its_error_and_what_had_come(history: History) -> None:
    model = ScriptedModel(
        ["half ", "never"], fail_after=1, error=RateLimited("Too fast.", hint="Wait.")
    )
    run = generate(model, "go")
    await Recorder(history).follow(run, Filing(prompt="go"))
    history.flush()
    kept = history.run(run.id)
    assert (kept.state, kept.text) == ("failed", "half ")
    assert kept.error is not None
    assert (kept.error.kind, kept.error.message) == ("RateLimited", "Too fast. Wait.")


async def test_a_growing_run_is_there_before_it_has_ended(history: History) -> None:
    model = ScriptedModel([f"word{number} " for number in range(1000)], delay=0.01)
    run = generate(model, "go")
    task = Recorder(history).follow(run, Filing(prompt="go"))
    await asyncio.sleep(1.2)
    history.flush()
    kept = history.run(run.id)
    assert kept.state == "running"
    assert kept.text.startswith("word0 word1 ")
    assert run.text.startswith(kept.text)
    await run.cancel()
    await task
    history.flush()
    assert history.run(run.id).state == "cancelled"
    assert history.run(run.id).text == run.text


async def test_what_was_said_before_is_stored_once(history: History, keep: Keep) -> None:
    turns = [Message(role="user", content="a long prompt " * 500)]
    for _ in range(5):
        run = generate(ScriptedModel(["x"]), turns)
        await Recorder(history).follow(run, Filing(prompt="p"))
    history.flush()
    with history._database.reading() as db:
        assert db.execute("SELECT COUNT(*) FROM messages").fetchone()[0] == 1


async def test_half_a_surrogate_pair_in_an_answer_does_not_stop_the_keeping(
    history: History, keep: Keep
) -> None:
    run = await keep("go \ud83d", "\udcff fine")
    assert history.run(run.id).text == make_safe(run.text)


async def test_names_may_be_cut_short_and_unknown_ones_get_a_suggestion(
    history: History, keep: Keep
) -> None:
    run = await keep("hello")
    assert history.run(run.id[:5]).id == run.id
    assert history.run(run.id.upper()).id == run.id
    swapped = run.id[:-2] + run.id[-1] + ("z" if run.id[-2] != "z" else "y")
    with pytest.raises(UnknownRecord, match=f"Did you mean '{run.id}'"):
        history.run(swapped)
    with pytest.raises(UnknownRecord, match="several runs"):
        for _ in range(40):  # thirty-two letters: two must begin alike
            await keep("again")
        for letter in "0123456789abcdefghjkmnpqrstvwxyz":
            try:
                history.run(letter)
            except UnknownRecord as error:
                if "several" in str(error):
                    raise


async def test_titles_tags_pins_and_ratings(history: History, keep: Keep) -> None:
    run = await keep("What is a fox?", conversation="one")
    await keep("What is a dog?", conversation="two")
    history.rename("one", "Foxes")
    history.set_tags("one", ["animals", " red  fur "])
    history.pin("one", pinned=True)
    history.rate(Rating(run=run.id, stars=4, note="good"))
    history.flush()
    first = history.conversations()[0]
    assert (first.title, first.tags, first.pinned) == ("Foxes", ("animals", "red fur"), True)
    assert history.run(run.id).ratings == (Rating(run=run.id, stars=4, note="good"),)
    assert [item.id for item in history.conversations(Filters(tag="animals"))] == ["one"]
    history.rate(Rating(run=run.id))
    history.flush()
    assert history.run(run.id).ratings == ()


async def test_a_title_is_how_the_prompt_begins_until_another_is_given(
    history: History, keep: Keep
) -> None:
    await keep("Why\n  is the sky " + "so very " * 30 + "blue?", conversation="one")
    title = history.conversations()[0].title
    assert title.startswith("Why is the sky so very")
    assert len(title) <= 80


async def test_deleting_can_be_undone_until_it_is_purged(history: History, keep: Keep) -> None:
    run = await keep("Secret things", conversation="one")
    history.delete("one")
    history.flush()
    assert not history.conversations()
    assert not history.search(Filters(query="secret"))
    assert [item.id for item in history.conversations(Filters(deleted=True))] == ["one"]
    history.restore("one")
    history.flush()
    assert history.search(Filters(query="secret"))
    history.delete("one")
    history.purge()
    history.flush()
    with pytest.raises(UnknownRecord):
        history.run(run.id)
    with history._database.reading() as db:
        for table in ("messages", "runs", "choices", "words", "turns", "panes"):
            assert db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] == 0, table


async def test_votes_come_back_in_order(history: History) -> None:
    cast = [cast_on("r", winner=number) for number in (1, 0, 1)]
    for vote in (*cast, cast[0]):
        history.add_vote(vote)
    history.flush()
    assert history.votes() == cast


async def test_a_vote_belongs_to_the_conversation_of_its_answers_and_outlives_it(
    history: History, keep: Keep
) -> None:
    run = await keep("hello", conversation="one")
    await keep("hello", conversation="two")
    vote = cast_on(run.id)
    history.add_vote(vote)
    history.flush()
    assert history.conversation("one").votes == (vote,)
    assert history.conversation("two").votes == ()
    assert history.votes("one") == [vote]
    history.delete("one")
    history.purge()
    history.flush()
    assert history.votes() == [vote], "it still counts"


async def test_a_knob_of_another_time_does_not_hide_the_run(history: History, keep: Keep) -> None:
    run = await keep("hello", knobs={"temperature": 0.5})

    def age(db: sqlite3.Connection) -> None:
        db.execute("UPDATE runs SET params = json_set(params, '$.warmth', 3, '$.top_k', -5)")
        packed = db.execute("SELECT content FROM receipts").fetchone()[0]
        receipt = json.loads(zlib.decompress(packed))
        receipt["plan"]["params"] |= {"warmth": 3, "top_k": -5}
        older = zlib.compress(json.dumps(receipt).encode())
        db.execute("UPDATE receipts SET content = ?", (older,))

    history.write(age)
    history.flush()
    assert not history.problem
    assert history.run(run.id).params == GenerationParams(temperature=0.5)
    receipt = history.run(run.id).receipt
    assert receipt is not None
    assert receipt.plan.params == GenerationParams(temperature=0.5)


async def test_token_figures_take_less_than_two_kilobytes_each_at_top_fifty() -> None:
    async with open_model("demo:small") as model:
        run = await generate(
            model, "Once upon a time", logprobs=50, max_length=60, temperature=1.5, seed=3
        )
    packed = pack(run.tokens)
    assert len(packed) < 2_000 * len(run.tokens)
    for token, again in zip(run.tokens, unpack(packed), strict=True):
        assert (again.text, again.data, again.token_id, again.rank) == (
            token.text, token.data, token.token_id, token.rank,
        )  # fmt: skip
        assert again.logprob == pytest.approx(token.logprob, abs=1e-6)
        assert [item.token_id for item in again.alternatives] == [
            item.token_id for item in token.alternatives
        ]


def test_kept_figures_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        unpack(b"nothing of ours")
