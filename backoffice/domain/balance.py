"""«Разложить поровну»: who should take what, by load, skills and conflicts of interest (M9). A proposal; applying it is another step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

SKILLED = 0.25  # of a full load: how much a matching skill may weigh against an even spread


@dataclass(frozen=True, slots=True)
class Candidate:
    """A moderator: open submissions now, how many are right, dictionary values they know, and whether they are on duty today."""

    id: int
    load: int
    capacity: int
    skills: frozenset[int] = frozenset()
    on_duty: bool = True


@dataclass(frozen=True, slots=True)
class Loose:
    """A submission to give to somebody; ``barred`` are those who may not moderate it, with the reason."""

    id: int
    values: frozenset[int] = frozenset()
    barred: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Placed:
    """``to`` is None when nobody can take it: ``reason`` says why (nobody_on_duty, all_barred, all_full). ``skills`` are the values that matched."""

    id: int
    to: int | None
    skills: frozenset[int] = frozenset()
    reason: str = ""


def spread(loose: Sequence[Loose], candidates: Iterable[Candidate]) -> list[Placed]:
    """Give each submission, in the order given, to whoever is least loaded for their capacity; a matching skill is preferred while loads are near.

    Nobody is filled past their capacity. Equal cases go to the lower id, so that the same question has the same answer.
    """
    team = {candidate.id: candidate for candidate in candidates if candidate.on_duty and candidate.capacity > 0}
    load = {number: candidate.load for number, candidate in team.items()}
    placed = []
    for item in loose:
        allowed = [number for number in team if number not in item.barred]
        able = [number for number in allowed if load[number] < team[number].capacity]
        if not able:
            reason = "all_full" if allowed else "all_barred" if team else "nobody_on_duty"
            placed.append(Placed(item.id, None, reason=reason))
            continue
        best = min(able, key=lambda number: (_burden(team[number], load[number], item), number))
        load[best] += 1
        placed.append(Placed(item.id, best, team[best].skills & item.values))
    return placed


def _burden(candidate: Candidate, load: int, item: Loose) -> float:
    share = len(candidate.skills & item.values) / len(item.values) if item.values else 0.0
    return (load + 1) / candidate.capacity - SKILLED * share
