"""The office's ordinary weeks behind the story: models that came, were returned, came again and were published, some of them late.

Nothing of it is still open: what there is to do is told by ``story``. Files are those of the story's models, so that nothing more is to be examined.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from backoffice.demo.models import text
from backoffice.demo.story import Decided, Round, Said

T = TypeVar("T")
OFFERS = (
    ("demand", "Спрос на молочные продукты", "Модель предсказывает, сколько молока, кефира и творога купят завтра и на неделе."),
    ("demand", "Спрос на свежий хлеб", "Модель подсказывает пекарне при магазине, сколько хлеба испечь к утру и к вечеру."),
    ("demand", "Продажи бытовой химии", "Модель прогнозирует продажи бытовой химии на месяц с учётом акций."),
    ("demand", "Спрос на мороженое", "Модель связывает продажи мороженого с погодой и предсказывает их на десять дней."),
    ("demand", "Продажи цветов к праздникам", "Модель считает, сколько цветов закупить к праздничной неделе."),
    ("demand", "Возвраты одежды", "Модель предсказывает, какую долю заказанной одежды вернут после примерки."),
    ("bearings", "Звук вентиляторов градирни", "Модель слышит, что вентилятор градирни потерял балансировку."),
    ("bearings", "Диагностика редукторов конвейера", "Модель по звуку редуктора сообщает об износе зубьев."),
    ("bearings", "Шум холодильных компрессоров", "Модель замечает, что компрессор холодильной камеры скоро остановится."),
    ("bearings", "Состояние лифтовых лебёдок", "Модель слушает лебёдку лифта и отличает износ от обычного шума."),
    ("meters", "Показания манометров", "Модель читает стрелочные манометры на фотографии обходчика."),
    ("meters", "Показания газовых счётчиков", "Модель читает газовые счётчики на фотографиях жителей."),
    ("meters", "Табло трансформаторов", "Модель читает температуру и уровень масла на табло трансформатора."),
    ("alexnet", "Марки автомобилей на фотографиях", "Модель определяет марку и поколение автомобиля по одной фотографии."),
    ("alexnet", "Сорта яблок по фотографии", "Модель раскладывает яблоки по сортам на приёмке."),
    ("alexnet", "Породы древесины по срезу", "Модель определяет породу дерева по снимку свежего среза."),
    ("alexnet", "Дорожные знаки", "Модель находит дорожные знаки на снимке с регистратора и называет их."),
    ("welds", "Трещины на лопатках турбин", "Модель находит трещины на снимках лопаток газовых турбин."),
    ("welds", "Раковины в литье", "Модель находит раковины и недоливы на фотографиях отливок."),
    ("welds", "Дефекты печатных плат", "Модель сравнивает плату с образцом и показывает, чего не хватает."),
    ("welds", "Качество окраски кузова", "Модель находит подтёки и сорность на окрашенном кузове."),
    ("wine", "Происхождение мёда", "Модель по составу мёда определяет, из какого региона он привезён."),
    ("wine", "Сорт кофе по составу", "Модель по лабораторному анализу отличает арабику от смеси."),
    ("iris", "Сорт пшеницы по размерам зерна", "Модель определяет сорт пшеницы по размерам зерна."),
    ("iris", "Вид рыбы по промерам", "Модель определяет вид рыбы по промерам тела."),
    ("iris", "Возраст саженцев", "Модель определяет возраст саженца по высоте и толщине стволика."),
    ("diabetes", "Риск повторной госпитализации", "Модель оценивает, вернётся ли пациент в стационар за месяц."),
    ("diabetes", "Прогноз давления", "Модель предсказывает артериальное давление на неделю вперёд."),
    ("breast", "Второе мнение по анализу крови", "Модель сверяет заключение лаборатории с показателями крови."),
    ("breast", "Скрининг щитовидной железы", "Модель по клеточным показателям предлагает, кого обследовать дальше."),
)  # fmt: skip
REST = (
    "Построена на том же подходе, что и модель «{title}» того же автора.\n\n"
    "Бесплатная версия принимает до ста примеров в сутки. Платная работает без ограничений и дообучается на ваших данных."
)
LACKING = (
    "description-paid-free",
    "description-effect",
    "characteristics-hardware",
    "characteristics-cpu-gpu",
    "instruction-steps",
    "instruction-paid-free",
    "requirements-enough",
    "terms-licence",
)
ADVISED = ("characteristics-accuracy", "characteristics-capacity", "description-deployments", "instruction-pipeline")
LIVES = ("prpp", "rpp", "pprp", "rprp", "pp", "rrpp", "prpp", "rpprp")  # published, returned; as much of it as there was time for
STAFF = ("vera", "vera", "vera", "gleb", "gleb", "gleb", "timur", "timur", "olga")  # a lead decides less
FIRST, LAST = 40, 38  # working days ago came the first offer, and the last so many later
TOOK = (1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 5)  # working days to a decision
IN_TIME = 2  # of them are surely within 72 hours
SORRY = "Извините за задержку: проверка заняла больше обещанного."


@dataclass(slots=True)
class _Dice:
    """Draws that are the same each time."""

    generator: np.random.Generator

    def upto(self, most: int) -> int:
        return int(self.generator.integers(most + 1))

    def hour(self, since: float, until: float) -> float:
        return float(self.generator.uniform(since, until))

    def one_of(self, *choices: T) -> T:
        return choices[self.upto(len(choices) - 1)]


def rounds() -> tuple[Round, ...]:
    """All of it, each listing's rounds in order."""
    dice = _Dice(np.random.default_rng(1))
    return tuple(round_ for number in range(len(OFFERS)) for round_ in _life(number, dice))


def _life(number: int, dice: _Dice) -> Iterator[Round]:
    """The rounds of one listing since its turn came, as many as were decided by yesterday."""
    model, title, sentence = OFFERS[number]
    card = {"title": title, "description": f"{sentence}\n\n{REST.format(title=text(model)['title'])}"}
    day = FIRST - dice.upto(LAST)
    for kind in LIVES[number % len(LIVES)]:
        took = dice.one_of(*TOOK)
        came, decided = _at(day, dice.hour(8, 21)), _at(day - took, dice.hour(10, 18))
        day -= took
        if day < 1:
            return
        yield Round(model, came, _decided(kind, decided, dice, SORRY if took > IN_TIME else ""), card=card, listing=title)
        day -= 1 + dice.upto(2) if kind == "r" else 3 + dice.upto(5)


def _at(day: int, hour: float) -> str:
    """In the words of the story."""
    return f"{day} {int(hour):02}:{int(hour * 60) % 60:02}"


def _decided(kind: str, at: str, dice: _Dice, message: str) -> Decided:
    if kind == "p":
        return Decided("publish", dice.one_of(*STAFF), at, message)
    remarks = (Said(dice.one_of(*LACKING)), Said(dice.one_of(*ADVISED)))
    return Decided("return", dice.one_of(*STAFF), at, message, remarks)
