"""Markdown for the corpus."""

from __future__ import annotations

import base64
from pathlib import Path

from tests.corpus.case import Case

TEXT = """# Инструкция к модели «Ёжик»

Модель находит дефекты *сварных швов* на снимках. Подробности — [на сайте](https://example.ru/о-модели).

1. Распакуйте архив: `docker compose up`.
2. Откройте <http://localhost:8888> и укажите папку с данными.

| Столбец | Тип |
|---|---|
| давление | число |

> Если a < b && c > d, проверьте настройки.

```html
<script src="https://example.com/x.js"></script>
```

![Схема](схема.png)
"""
LICENCE = "MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy…\n"


def _case(name: str, text: str | bytes, verdict: str = "pass", *rules: str, slot: str = "instruction") -> Case:
    def build(path: Path) -> None:
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    return Case(name, slot, build, verdict, rules)


_PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(200)).decode()

CASES = (
    _case("инструкция.md", TEXT),
    _case("с-меткой-utf8.md", b"\xef\xbb\xbf" + TEXT.encode()),
    _case("cp1251.md", TEXT.replace("—", "-").encode("cp1251")),
    _case("koi8-r.md", TEXT.replace("—", "-").replace("«", '"').replace("»", '"').encode("koi8_r")),
    _case("utf-16.md", TEXT.encode("utf-16")),
    _case("одна-строка.md", "Инструкция: запустите программу."),
    _case("windows-строки.md", TEXT.replace("\n", "\r\n")),
    _case("простые-теги.md", TEXT + '\n<div align="center"><b>Важно</b><br><sub>сноска</sub></div>\n<!-- не забыть -->\n'),
    _case("картинка-внутри.md", TEXT + f"\n![логотип](data:image/png;base64,{_PIXEL})\n"),
    _case("условия.md", "# Условия использования\n\n" + LICENCE, slot="terms_of_use"),
    _case("код-с-тегами.md", "Пишите `<script>` и `onclick=\"x\"` как текст.\n\n    <iframe src='http://a'>\n"),
    _case("картинка-с-сайта.md", TEXT + "\n![](https://tracker.example.com/pixel.png?id=1)\n", "warn", "md.remote_image"),
    _case("картинка-тегом.md", TEXT + '\n<img src="//tracker.example.com/p.gif">\n', "warn", "md.remote_image"),
    _case("картинка-по-ссылке.md", "![схема][1]\n\n[1]: http://tracker.example.com/s.png\n", "warn", "md.remote_image"),
    _case("сценарий.md", TEXT + "\n<script>alert(1)</script>\n", "reject", "md.active"),
    _case("обработчик.md", TEXT + '\nНажмите <b onclick="steal()">сюда</b>.\n', "reject", "md.active"),
    _case("рамка.md", TEXT + '\n<iframe src="https://example.com"></iframe>\n', "reject", "md.active"),
    _case("ссылка-javascript.md", "[Скачать](javascript:alert(1))\n", "reject", "md.active"),
    _case("ссылка-javascript-скрыта.md", "[Скачать](java&#115;cript:alert(1))\n", "reject", "md.active"),
    _case("ссылка-data.md", "[Скачать](data:text/html;base64,PHNjcmlwdD4=)\n", "reject", "md.active"),
    _case("страница.md", "<!DOCTYPE html>\n<html><body>Инструкция</body></html>\n", "reject", "format.mismatch"),
    _case("битый-utf8.md", TEXT.encode()[:300] + b"\xd0\xd0" + TEXT.encode()[300:], "reject", "format.damaged"),
    _case("нули.md", TEXT.encode() + b"\0\0\0" + TEXT.encode(), "reject", "format.damaged"),
    _case("пусто.md", "", "reject", "format.empty"),
    _case("одни-пробелы.md", " \n\n", "reject", "format.empty"),
    _case("pdf-под-видом.md", b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", "reject", "format.mismatch"),
    _case("очень-длинный.md", "слово " * 400_000, "warn", "md.too_long"),
)  # fmt: skip
