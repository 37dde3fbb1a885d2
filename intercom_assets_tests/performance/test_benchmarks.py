"""Benchmarks that are rarely run still measure what syncs ask today."""

from pathlib import Path

from benchmarks import replay


def test_the_replay_answers_everything_that_a_first_sync_asks(tmp_path: Path) -> None:
    """The transport of `make bench replay` knows each request, and every row lands."""
    facts = replay.sync(tmp_path, 120, longer=10)

    assert facts["contacts_rows"] == 120
    assert facts["conversations_rows"] == 10
    assert facts["conversation_parts_rows"] == 120
