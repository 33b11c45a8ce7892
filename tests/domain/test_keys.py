"""The keys of the review page and how a person moves them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.domain import keys
from backoffice.domain.errors import Refused


def test_every_act_has_a_key_of_its_own() -> None:
    assert len(set(keys.DEFAULTS.values())) == len(keys.DEFAULTS)
    assert set(keys.DEFAULTS.values()) <= keys.ALLOWED


def test_a_taken_key_is_refused_with_the_act_that_has_it() -> None:
    with pytest.raises(Refused) as refused:
        keys.moved({}, act="publish", key="v")
    assert (refused.value.reason, refused.value.params["act"]) == ("key_taken", "return")


@pytest.mark.parametrize("key", ["1", "Enter", "Escape", "", "ы", "A"])
def test_keys_that_mean_something_everywhere_are_refused(key: str) -> None:
    with pytest.raises(Refused) as refused:
        keys.moved({}, act="publish", key=key)
    assert refused.value.reason == "key_unfit"


def test_what_is_kept_of_older_days_does_no_harm() -> None:
    assert keys.bound({"flying": "u", "publish": "F13"}) == dict(keys.DEFAULTS)


@given(st.lists(st.tuples(st.sampled_from(sorted(keys.DEFAULTS)), st.sampled_from(sorted(keys.ALLOWED))), max_size=30))
def test_no_two_acts_ever_share_a_key(moves: list[tuple[str, str]]) -> None:
    own: dict[str, str] = {}
    for act, key in moves:
        try:
            own = keys.moved(own, act=act, key=key)
        except Refused:
            continue
        assert keys.bound(own)[act] == key
    bound = keys.bound(own)
    assert len(set(bound.values())) == len(keys.DEFAULTS)
    assert all(keys.DEFAULTS[act] != key for act, key in own.items())
