"""XML-RPC as Koji speaks it: requests in, results and faults out (koji.xmlrpcplus does the marshalling)."""

from __future__ import annotations

import base64
from typing import Any

import koji
from koji import xmlrpcplus

from koji_adjutant.devhub.core.api import Method

MAX_REQUEST = 4 * 1024 * 1024
"""Bytes of a request that is not an upload; a real hub's MaxRequestLength."""


class BadRequestError(Exception):
    """The body is no XML-RPC call: answered with HTTP status 400."""


def parse_request(body: bytes) -> tuple[str, tuple[Any, ...]]:
    """Read method name and parameters from a request body. Raises BadRequestError."""
    if not body:
        raise BadRequestError("Empty request")
    if len(body) > MAX_REQUEST:
        raise BadRequestError("Request too long")
    try:
        params, method = xmlrpcplus.loads(body)
    except Exception as error:
        raise BadRequestError(f"Invalid request: {error}") from error
    if not method:
        raise BadRequestError("Invalid request: not a method call")
    return method, params


def response(result: Any) -> bytes:
    """Encode the answer that carries a result."""
    text: str = xmlrpcplus.dumps((result,), methodresponse=1)
    return text.encode()


def fault(error: BaseException) -> bytes:
    """Encode the answer that carries an error."""
    text: str = xmlrpcplus.dumps(as_fault(error))
    return text.encode()


def as_fault(error: BaseException) -> Any:
    """Turn an exception into a fault: a koji error has its class's code, anything else code 1 and its type in
    front."""
    if isinstance(error, xmlrpcplus.Fault):
        return error
    code = getattr(type(error), "faultCode", 1)
    text = str(error) if isinstance(error, koji.GenericError) else f"{type(error)}: {error}"
    return xmlrpcplus.Fault(code, text)


def multicall_fault(error: BaseException) -> dict[str, Any]:
    """Describe an error as it appears among the results of a multiCall."""
    if isinstance(error, xmlrpcplus.Fault):
        return {"faultCode": error.faultCode, "faultString": error.faultString}
    text = ", ".join(str(argument) for argument in error.args)
    name = f"{type(error).__module__}.{type(error).__qualname__}: {text}\n"
    return {"faultCode": getattr(type(error), "faultCode", 1), "faultString": text, "traceback": [name]}


def encode_request(method: str, arguments: Any) -> str:
    """Encode a task's request as the database keeps it."""
    text: str = xmlrpcplus.dumps(tuple(arguments), methodname=method)
    return text


def decode_request(text: str) -> Any:
    """Decode a task's arguments from what the database keeps."""
    return xmlrpcplus.loads(_xml(text))[0]


def decode_result(text: str) -> Any:
    """Decode a task's result. Raises the fault that it holds, and binascii.Error for what is neither XML nor
    base64 (very old builders sent base64)."""
    return xmlrpcplus.loads(_xml(text))[0][0]


def _xml(text: str) -> str | bytes:
    return text if "<?xml" in text[:10] else base64.b64decode(text)


def describe_methods(methods: dict[str, Method]) -> list[dict[str, Any]]:
    """Describe calls as ``_listapi`` does."""
    return [method.describe() for method in methods.values()]
