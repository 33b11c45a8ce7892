"""What happened at the marketplace in the last eight weeks, round by round.

Times are ``"<working days ago> HH:MM"`` on the Moscow clock, or ``"-<minutes>m"`` before now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from backoffice.demo import archives, documents, examples
from backoffice.demo.models import Made, text


@dataclass(frozen=True, slots=True)
class Said:
    """One remark: a shipped template, or words of the moderator's own."""

    template: str = ""
    fill: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    level: str = ""
    about: str = ""  # a field of the card or a slot, for words of one's own


@dataclass(frozen=True, slots=True)
class Decided:
    """How a round ended: publish, return or reject, by whom and when."""

    kind: str
    by: str
    at: str
    message: str = ""
    remarks: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Round:
    """One submission of a ``listing``, of the model's own where none is named.

    Without ``submitted`` it stays a draft; without ``checked`` its checks are left to the workers.
    """

    model: str
    submitted: str = ""
    decided: Decided | None = None
    changed: Mapping[str, Made] = field(default_factory=dict)
    card: Mapping[str, str] = field(default_factory=dict)
    checked: bool = True
    assigned: tuple[str, str] | None = None  # to whom, when; by the lead
    claimed: tuple[str, str] | None = None  # by whom, when
    withdrawn: str = ""
    unpublished: tuple[str, str] | None = None  # when, why
    listing: str = ""


def published(by: str, at: str, message: str = "", *remarks: Said) -> Decided:
    """Into the catalog."""
    return Decided("publish", by, at, message, remarks)


def returned(by: str, at: str, *remarks: Said, message: str = "") -> Decided:
    """«На доработку»."""
    return Decided("return", by, at, message, remarks)


def _better(model: str, words: str) -> dict[str, str]:
    return {"description": text(model)["description"] + "\n\n" + words}


NO_FREE = Said("description-paid-free")
ACCURACY = Said("characteristics-accuracy")
SHORT = {"description": "Модель определяет вид растения по размерам цветка. Работает быстро и точно."}

HOSTILE = (
    "Файл .pickle при загрузке выполняет команду операционной системы. Такие файлы опасны для клиентов, поэтому модель отклонена. "
    "Если это ошибка, пришлите модель в формате, который не исполняет код."
)

ROUNDS: tuple[Round, ...] = (
    Round(
        "iris",
        "39 11:05",
        returned("vera", "38 15:20", NO_FREE, ACCURACY, message="Спасибо за модель! Не хватает немногого."),
        card=SHORT,
    ),
    Round("breast", "38 09:40", published("gleb", "36 12:10")),
    Round(
        "telemetry",
        "37 16:30",
        published("timur", "36 10:00"),
        changed={"model_archive": ("telemetry-demo.zip", lambda: examples.zipped(archives.library_members("telemetry")))},
        unpublished=("26 12:00", "Правообладатель попросил снять модель: готовится новая редакция договора."),
    ),
    Round("iris", "36 10:15", published("vera", "35 11:45")),
    Round("alexnet", "34 14:20", published("gleb", "32 17:05")),
    Round(
        "segments",
        "33 09:10",
        published("olga", "31 13:30"),
        changed={"model_archive": ("segment-demo.zip", lambda: examples.zipped(archives.library_members("segment")))},
    ),
    Round(
        "bearings",
        "31 12:00",
        returned(
            "timur",
            "29 10:40",
            Said("instruction-problems"),
            Said(
                text="В инструкции не сказано, куда крепить микрофон: без этого клиент не повторит ваш результат. Добавьте шаг с описанием.",
                level="requirement",
                about="instruction",
            ),
        ),
    ),
    Round("bearings", "28 11:30", published("timur", "27 16:15")),
    Round("meters", "27 15:50", published("vera", "25 09:55")),
    Round("demand", "26 10:25", published("gleb", "24 18:20")),
    Round(
        "breast",
        "24 13:35",
        returned(
            "vera",
            "22 11:00",
            Said("characteristics-accuracy"),
            Said(
                text="В архиве библиотека с тем же именем, но другим составом функций, чем в инструкции. Приведите их в соответствие.",
                level="requirement",
                about="model_archive",
            ),
        ),
        card=_better("breast", "Новая версия принимает до 300 анализов за один вызов."),
    ),
    Round("visitors", "23 12:40", withdrawn="22 17:30"),
    Round(
        "breast",
        "20 10:10",
        published("vera", "19 12:25"),
        card=_better("breast", "Новая версия принимает до 300 анализов за один вызов."),
    ),
    Round(
        "iris",
        "19 09:30",
        published("timur", "14 10:00", "Извините за задержку: ответ занял больше обещанного."),
        card=_better("iris", "Добавлена оценка уверенности для каждой строки."),
    ),
    Round(
        "basket",
        "16 15:15",
        Decided(
            "reject",
            "gleb",
            "16 17:40",
            HOSTILE,
        ),
    ),
    Round(
        "wine",
        "13 11:20",
        returned("gleb", "11 14:45", Said("characteristics-formats", {"format": ".parquet"}), Said("terms-licence")),
    ),
    Round(
        "alexnet",
        "12 10:00",
        published("vera", "10 15:30", "Хорошая работа: инструкция понятна с первого прочтения."),
        card=_better("alexnet", "В новой версии снимки сжимаются пакетами, обработка ускорилась на треть."),
    ),
    Round(
        "diabetes",
        "9 13:10",
        returned(
            "vera",
            "7 11:35",
            Said("data-personal", {"what": "имена и телефоны"}),
            Said("characteristics-accuracy"),
            Said("description-deployments"),
        ),
    ),
    Round(
        "demand",
        "8 09:45",
        returned("timur", "6 16:50", Said("data-header")),
        changed={"data_example": ("продажи.csv", lambda: examples.sales_csv(header=False))},
        card=_better("demand", "Новая версия учитывает цену конкурентов."),
    ),
    Round(
        "weeds",
        "5 12:15",
        returned(
            "gleb", "3 10:20", Said("file-type", {"file": "поле.jpeg"}), message="Модель интересная, ждём исправленный файл."
        ),
    ),
    Round("bearings", "4 10:30", card=_better("bearings", "Новая версия узнаёт ослабление крепления.")),
    Round("telemetry", "2 18:40", assigned=("timur", "2 19:05")),
    Round("wine", "2 11:10", card=_better("wine", "Добавлена проверка единиц измерения.")),
    Round("visitors", "1 16:25"),
    Round(
        "diabetes",
        "1 12:35",
        assigned=("gleb", "1 13:00"),
        card=_better("diabetes", "Пилот прошёл в одной клинике, 1 200 пациентов."),
    ),
    Round("welds", "1 09:50", claimed=("vera", "-4m")),
    Round("segments", "-190m"),
    Round(
        "meters",
        "-9m",
        checked=False,
        changed={
            "model_archive": (
                "meters-demo.tar.gz",
                lambda: archives.tar_gz(archives.docker_members("Чтение показаний счётчиков, версия 2")),
            )
        },
    ),
    Round(
        "demand",
        "-12m",
        checked=False,
        changed={
            "model_archive": ("demand-demo.zip", archives.jupyter_zip),
            "instruction": ("инструкция.md", lambda: documents.markdown(text("demand")["manual_docker"])),
        },
        card={
            **_better("demand", "Заголовок в пример данных добавлен, а демоверсия теперь запускается в Docker."),
            "characteristics": text("demand")["characteristics_docker"],
        },
    ),
    Round("weeds"),
)
