"""Messages of one moment travel together, and each is handled as if it had come alone."""

import asyncio

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from node_echo import nonce, two_institutions

from kumihimo.base import ErrorType, Problem
from kumihimo.node import Answered
from kumihimo.node.bundle import MOST, PATH, SMALL, Part, PartAnswer, read_answers, read_parts, write_bundle
from kumihimo.node.transport import Transport

pytestmark = pytest.mark.usefixtures("echo_has_no_tables")


@pytest.fixture
def posted(monkeypatch):
    """The paths that really went out, in their order."""
    paths, real = [], Transport.post

    async def post(self, url, headers, body, seconds):
        paths.append(url.rpartition("/x/")[2])
        return await real(self, url, headers, body, seconds)

    monkeypatch.setattr(Transport, "post", post)
    return paths


async def test_messages_of_one_moment_share_one_signed_message(ground, posted):
    async with two_institutions(ground) as (asker, _):
        names = [nonce() for _ in range(MOST + 3)]
        answers = await asyncio.gather(
            *(asker.client.post("other", "echo", b"{}", nonce=name, timeout=5) for name in names)
        )
        assert [msgspec.json.decode(answer.body)["nonce"] for answer in answers] == names
        assert posted.count(PATH) == 2
        assert "echo" not in posted


async def test_each_message_of_a_bundle_gets_its_own_answer_or_refusal(ground, posted):
    async with two_institutions(ground) as (asker, _):
        asked = [("echo", b"{}"), ("refuse", b"{}"), ("fail", b"busy"), ("nowhere", b"{}"), ("fail", b"bug")]
        answers = await asyncio.gather(
            *(asker.client.post("other", path, body, nonce=nonce(), timeout=5) for path, body in asked)
        )
        assert isinstance(answers[0], Answered)
        assert [answer.type for answer in answers[1:]] == [
            ErrorType.NO_RECORD,
            ErrorType.BUSY,
            ErrorType.NOT_FOUND,
            ErrorType.UNKNOWN,
        ]
        assert posted.count(PATH) == 1


async def test_a_message_alone_and_a_large_one_travel_alone(ground, posted):
    async with two_institutions(ground) as (asker, _):
        large = asker.client.post("other", "echo", bytes(SMALL + 1), nonce=nonce(), timeout=5)
        small = asker.client.post("other", "echo", b"{}", nonce=nonce(), timeout=5)
        for answer in await asyncio.gather(large, small):
            assert isinstance(answer, Answered)
        assert sorted(path for path in posted if path in {"echo", PATH}) == ["echo", "echo"]


async def test_who_gives_up_waiting_takes_nothing_from_the_others(ground):
    async with two_institutions(ground) as (asker, _):
        asked = [
            asyncio.ensure_future(asker.client.post("other", "echo", b"{}", nonce=nonce(), timeout=5))
            for _ in range(4)
        ]
        await asyncio.sleep(0)
        asked[0].cancel()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert isinstance(answers[0], asyncio.CancelledError)
        assert all(isinstance(answer, Answered) for answer in answers[1:])


async def test_an_institution_that_is_away_is_away_for_each(ground):
    async with two_institutions(ground) as (asker, _):
        asked = (asker.client.post("nobody", "echo", b"{}", nonce=nonce(), timeout=5) for _ in range(3))
        for answer in await asyncio.gather(*asked):
            assert isinstance(answer, Problem)
            assert answer.type is ErrorType.INSTITUTION_UNKNOWN


async def test_a_bundle_in_a_bundle_is_refused(ground):
    async with two_institutions(ground) as (asker, _):
        answer = await asker.client.post(
            "other", PATH, write_bundle([Part(PATH, "n", b"")]), nonce=nonce(), timeout=5
        )
        assert isinstance(answer, Problem)
        assert answer.type is ErrorType.MALFORMED


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail(data):
    assert isinstance(read_parts(data), Problem | list)
    assert isinstance(read_answers(data, 1), Problem | list)


@given(st.lists(st.builds(Part, st.text(max_size=9), st.text(max_size=9), st.binary(max_size=9))))
def test_a_bundle_reads_as_it_was_written_unless_it_is_empty_or_too_many(parts):
    read = read_parts(write_bundle(parts))
    lawful = 0 < len(parts) <= MOST and all(part.path != PATH for part in parts)
    assert (read == parts) if lawful else isinstance(read, Problem)


def test_answers_must_be_as_many_as_the_messages():
    answers = write_bundle([PartAnswer(200, "application/json", b"{}")])
    assert read_answers(answers, 1) == [PartAnswer(200, "application/json", b"{}")]
    assert isinstance(read_answers(answers, 2), Problem)
