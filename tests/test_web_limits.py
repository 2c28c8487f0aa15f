"""Limits of the web chat: what is let through, what has to wait, and what is kept of whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.web import WebChannel
from bot.channels.web_limits import AddressBuckets, Buckets, Limits, Rate, client_address
from bot.dialogue.state import LIFE_SECONDS, MOST_CONVERSATIONS


class Clock:
    """A clock that tests set."""

    now = 0.0

    def __call__(self):
        """Return the seconds that were set."""
        return self.now


def test_a_burst_is_let_through_and_then_one_waits():
    clock = Clock()
    buckets = Buckets(Rate(burst=3, per_second=0.5), clock)
    assert [buckets.take(b"a") for _ in range(4)] == [0, 0, 0, 2]
    assert buckets.take(b"b") == 0
    clock.now = 2
    assert buckets.take(b"a") == 0
    assert buckets.take(b"a") == 2


@given(st.lists(st.tuples(st.floats(0, 100), st.sampled_from([b"a", b"b"])), max_size=60))
def test_nobody_gets_more_than_the_rate(asked):
    clock = Clock()
    buckets = Buckets(Rate(burst=5, per_second=2), clock)
    through = {b"a": 0, b"b": 0}
    for pause, key in asked:
        clock.now += pause
        through[key] += buckets.take(key) == 0
        assert through[key] <= 5 + 2 * clock.now + 1e-6


def test_keys_are_forgotten_once_their_bucket_is_full_again():
    clock = Clock()
    buckets = Buckets(Rate(burst=10, per_second=1), clock)
    for number in range(100):
        buckets.take(bytes([number]))
    clock.now = 11
    buckets.take(b"later")
    assert len(buckets) == 1


def test_they_are_forgotten_also_when_nobody_asks_any_more():
    clock = Clock()
    channel = WebChannel(clock=clock)
    channel._addresses.take_of("192.0.2.7")
    assert len(channel._addresses) == 1
    clock.now += 60
    channel.sweep()
    assert len(channel._addresses) == 0


def test_keys_are_bounded(monkeypatch):
    monkeypatch.setattr(Buckets, "MOST", 50)
    buckets = Buckets(Rate(burst=10, per_second=1), Clock())
    for number in range(200):
        buckets.take(bytes([number]))
    assert len(buckets) == 50


def test_one_address_cannot_push_out_everybody_elses_conversations():
    limits = Limits()
    most = (limits.address.burst + limits.address.per_second * LIFE_SECONDS) / limits.opening_costs
    assert most < MOST_CONVERSATIONS


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("not an address", "", True),
    ],
)
def test_addresses_that_share_a_bucket(one, other, share):
    buckets = AddressBuckets(Rate(burst=1, per_second=1), Clock())
    assert buckets.take_of(one) == 0
    assert (buckets.take_of(other) > 0) == share


def test_no_address_is_held():
    buckets = AddressBuckets(Rate(burst=1, per_second=1), Clock())
    buckets.take_of("192.0.2.77")
    held = repr(vars(buckets))
    assert "192.0.2.77" not in held
    assert repr(bytes([192, 0, 2, 77]))[2:-1] not in held


@pytest.mark.parametrize(
    ("forwarded", "proxies", "address"),
    [
        ("198.51.100.1", 0, "10.0.0.1"),
        ("", 1, "10.0.0.1"),
        (" , ", 1, "10.0.0.1"),
        ("198.51.100.1", 1, "198.51.100.1"),
        ("forged, 198.51.100.1", 1, "198.51.100.1"),
        ("forged, 198.51.100.1, 10.0.0.9", 2, "198.51.100.1"),
        ("198.51.100.1", 2, "198.51.100.1"),
    ],
)
def test_only_what_our_own_proxies_noted_counts(forwarded, proxies, address):
    assert client_address("10.0.0.1", forwarded, proxies) == address
