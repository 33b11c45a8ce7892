"""People who are signed in and speak HTTP to running processes without a browser: dozens of them at once cost little."""

from __future__ import annotations

import json
import re
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from backoffice.store.people import Person
from backoffice.wiring import Wiring

_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``headers`` have names in small letters."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def location(self) -> str:
        return self.headers.get("location", "")


class Caller:
    """One person over one kept connection; ``token`` is that of the last page read."""

    def __init__(self, address: str, wiring: Wiring, person: Person) -> None:
        """``wiring`` is that of the processes behind ``address``: the session is signed with their key."""
        signing = Flask(__name__)
        signing.secret_key = wiring.secret_key
        signer = SecureCookieSessionInterface().get_signing_serializer(signing)
        assert signer
        session = signer.dumps({"_user_id": person.fs_uniquifier, "_fresh": True})
        self.cookies, self.token = {str(signing.config["SESSION_COOKIE_NAME"]): str(session)}, ""
        self.connection = HTTPConnection(urlsplit(address).netloc, timeout=120)

    def page(self, path: str, **headers: str) -> Answer:
        """Read a page or a part of one; a page's token is kept for what is sent next."""
        answer = self.send("GET", path, **headers)
        if found := _TOKEN.search(answer.text):
            self.token = found[1]
        return answer

    def post(self, path: str, **form: str) -> Answer:
        """Send a form as its page would."""
        return self.send("POST", path, urlencode({"csrf_token": self.token, **form}), "application/x-www-form-urlencoded")

    def json(self, method: str, path: str, body: Any) -> Answer:
        """Send what a page's script would."""
        return self.send(method, path, json.dumps(body), "application/json")

    def elsewhere(self, address: str) -> int:
        """The status of a page on another origin, asked for without any cookie."""
        parts = urlsplit(address)
        with closing(HTTPConnection(parts.netloc, timeout=120)) as connection:
            connection.request("GET", parts.path)
            response = connection.getresponse()
            response.read()
            return response.status

    def send(self, method: str, path: str, body: str = "", kind: str = "", **headers: str) -> Answer:
        """One request, in order after the last one."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Cookie": cookie, "X-CSRFToken": self.token, "Accept": "text/html", **headers}
        if kind:
            sent |= {"Content-Type": kind} | ({"Accept": kind} if kind == "application/json" else {})
        self.connection.request(method, path, body.encode() or None, sent)
        response = self.connection.getresponse()
        text = response.read().decode()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                self.cookies |= {key: morsel.value for key, morsel in SimpleCookie(value).items()}
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, text)

    def close(self) -> None:
        self.connection.close()
