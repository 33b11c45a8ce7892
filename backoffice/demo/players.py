"""The people of the demo: one team of staff, five teams of authors. All have the same password, which ``make run`` prints."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "mlplace-demo"  # noqa: S105  (printed for everybody to see)


@dataclass(frozen=True, slots=True)
class Player:
    """One person of the demo. ``key`` is the name by which the story calls them."""

    key: str
    name: str
    roles: tuple[str, ...]
    team: str = ""

    @property
    def email(self) -> str:
        """What they sign in with."""
        return f"{self.key}@mlplace.example"


PLAYERS = (
    Player("admin", "Нина Корнеева", ("admin",), "ML-Place"),
    Player("olga", "Ольга Сергеевна Лебедева", ("lead", "moderator"), "ML-Place"),
    Player("vera", "Вера Мельникова", ("moderator",), "ML-Place"),
    Player("gleb", "Глеб Тарасов", ("moderator",), "ML-Place"),
    Player("timur", "Тимур Валиев", ("moderator",), "ML-Place"),
    Player("anna", "Анна Ковалёва", ("author",), "Лаборатория «Зоркий»"),
    Player("pavel", "Павел Ситников", ("author",), "АгроДанные"),
    Player("marina", "Марина Дроздова", ("author",), "МедАналитика"),
    Player("ilya", "Илья Гринберг", ("author",), "ПромСигнал"),
    Player("svetlana", "Светлана Чернова", ("author",), "Розничные решения"),
)
