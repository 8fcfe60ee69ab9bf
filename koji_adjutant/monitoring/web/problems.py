"""Answers that are errors."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse


class Problem(Exception):
    """An error for whoever asked: an HTTP status, a word for programs, a sentence for people."""

    def __init__(self, status: int, code: str, sentence: str, **more: Any) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.sentence = sentence
        self.more = more

    def as_json(self) -> JSONResponse:
        body = {"error": self.sentence, "error_code": self.code, **self.more}
        return JSONResponse(body, status_code=self.status)


def not_found(what: str, code: str) -> Problem:
    return Problem(404, code, f"There is no {what} in the journal of this worker.")
