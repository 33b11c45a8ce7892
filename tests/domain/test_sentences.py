"""What a check saw, told in a sentence of either language."""

from __future__ import annotations

import pytest

from backoffice.domain.sentences import sentence


@pytest.mark.parametrize(
    ("template", "params", "russian", "english"),
    [
        ("{a} · {b}", {"a": 1.5}, "1,5 · …", "1.5 · …"),
        ("{n:size}", {"n": 2 << 30}, "2\xa0ГБ", "2\xa0GB"),
        ("{n:size}", {"n": 1_600_000}, "1,53\xa0МБ", "1.53\xa0MB"),
        ("{n:size}", {"n": 3 << 40}, "3072\xa0ГБ", "3072\xa0GB"),
        ("{n:size}", {"n": 100}, "100\xa0Б", "100\xa0B"),
        ("{n:size}", {}, "…", "…"),
        ("{n:number} {m:number}", {"n": 2_400_000}, "2\xa0400\xa0000 …", "2,400,000 …"),
        ("{detail}.", {"detail": "It ended. "}, "It ended.", "It ended."),
        ("«{name}».", {"name": "a."}, "«a.».", "«a.»."),
        (
            "{x}!",
            {"x": "⟦нет конца|no end⟧, ⟦1536⟧ ⟦лишних|too many⟧"},
            "нет конца, 1,5\xa0КБ лишних!",
            "no end, 1.5\xa0KB too many!",
        ),
        ("{x}", {"x": "⟦a⟧ ⟦|⟧b⟧ ⟦"}, "⟦a⟧ b⟧ ⟦", "⟦a⟧ b⟧ ⟦"),
        ("{port}: {n}", {"port": 18000, "n": "v1.2 {x}"}, "18000: v1.2 {x}", "18000: v1.2 {x}"),
    ],
)
def test_it_is_filled_in(template: str, params: dict[str, object], russian: str, english: str) -> None:
    assert (sentence(template, params, "ru"), sentence(template, params, "en")) == (russian, english)
