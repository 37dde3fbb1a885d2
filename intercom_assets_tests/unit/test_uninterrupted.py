"""Ctrl-C that is put off: when it is heard, by whom, and how often."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import FrameType

import pytest

from intercom_assets.uninterrupted import uninterrupted


@pytest.fixture(autouse=True)
def _handler() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_one_waits_for_the_end_of_the_block() -> None:
    """Ctrl-C within a block is raised after it, and who handled it before does so again."""
    done = []

    def work() -> None:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            done.append("the rest")

    with pytest.raises(KeyboardInterrupt):
        work()

    assert ["the rest"] == done
    assert signal.default_int_handler is signal.getsignal(signal.SIGINT)


def test_a_second_one_does_not_wait() -> None:
    """A block that takes longer than expected can be left."""
    done = []

    def work() -> None:
        with uninterrupted():
            signal.raise_signal(signal.SIGINT)
            done.append("between")
            signal.raise_signal(signal.SIGINT)
            done.append("never")

    with pytest.raises(KeyboardInterrupt):
        work()

    assert ["between"] == done


def test_what_takes_too_long_is_left() -> None:
    """A block that has lasted longer than expected puts nothing off."""
    done = []

    def work() -> None:
        with uninterrupted(patience=0.0):
            signal.raise_signal(signal.SIGINT)
            done.append("never")

    with pytest.raises(KeyboardInterrupt):
        work()

    assert not done


def test_the_end_of_a_pod_waits_too() -> None:
    """SIGTERM waits where it is handled, as Dagster does; where it is not, it is left alone."""
    told: list[str] = []

    def take_note(number: int, _frame: FrameType | None) -> None:
        told.append(signal.Signals(number).name)

    before = signal.getsignal(signal.SIGTERM)
    with uninterrupted():
        untouched = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, take_note)
    try:
        with uninterrupted():
            signal.raise_signal(signal.SIGTERM)
            told.append("the rest")
    finally:
        signal.signal(signal.SIGTERM, before)

    assert ["the rest", "SIGTERM"] == told
    assert callable(before) or untouched is before


def test_it_is_counted_once() -> None:
    """Nested blocks send no signal of their own: a command that counts them hears one."""
    told: list[int] = []

    def take_note(number: int, _frame: FrameType | None) -> None:
        told.append(number)

    signal.signal(signal.SIGINT, take_note)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer)
    with uninterrupted(), uninterrupted():
        signal.raise_signal(signal.SIGINT)
    signal.set_wakeup_fd(before)
    os.close(writer)
    counted = os.read(reader, 10)
    os.close(reader)

    assert ([signal.SIGINT], bytes([signal.SIGINT])) == (told, counted)


def test_other_threads_are_left_alone() -> None:
    """In a thread of its own a block runs as it is: signals come to the main thread only."""

    def handler() -> object:
        with uninterrupted():
            return signal.getsignal(signal.SIGINT)

    with ThreadPoolExecutor(1) as pool:
        assert signal.default_int_handler is pool.submit(handler).result()
