"""The registry of remote calls.

A call is a function whose first parameter is the ``Call``; the decorator gives its remote name. Parameters
have Python names; where a real hub's are in camelCase (``queryOpts``, ``buildID``) the decorator lists them,
and callers use only those.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import koji

from koji_adjutant.devhub.core.absent import ABSENT
from koji_adjutant.devhub.core.call import Call

Function = Callable[..., Any]
AnyFunction = TypeVar("AnyFunction", bound=Function)


@dataclass(frozen=True)
class Method:
    """A remote call: its function, and the remote names of its parameters."""

    name: str
    function: Function
    wire_names: Mapping[str, str]

    @property
    def signature(self) -> inspect.Signature:
        """The function's parameters without the ``Call``, under their remote names."""
        parameters = list(inspect.signature(self.function).parameters.values())[1:]
        return inspect.Signature(
            [p.replace(name=self.wire_names.get(p.name, p.name), annotation=p.empty) for p in parameters]
        )

    def invoke(self, call: Call, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call the function with a request's arguments. Raises ParameterError if they do not fit."""
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise koji.ParameterError(f"{self.name}: {error}") from error
        python_names = {wire: python for python, wire in self.wire_names.items()}
        named = {python_names.get(name, name): value for name, value in bound.kwargs.items()}
        return self.function(call, *bound.args, **named)

    def describe(self) -> dict[str, Any]:
        """Describe the call as ``_listapi`` does: name, docstring and parameters."""
        parameters = self.signature.parameters.values()
        args = [p.name if p.default is p.empty else [p.name, p.default] for p in parameters]
        described = ", ".join(str(p) for p in parameters)
        return {
            "name": self.name,
            "doc": inspect.getdoc(self.function),
            "args": args,
            "argdesc": f"({described})",
        }


METHODS: dict[str, Method] = {}


def exported(name: str, *camel_case: str, **renamed: str) -> Callable[[AnyFunction], AnyFunction]:
    """Make a function a remote call; ``camel_case`` lists the parameters that have such names on a real hub,
    ``renamed`` those that are called something else there (``task_ids="tasks"``)."""

    def register(function: AnyFunction) -> AnyFunction:
        METHODS[name] = Method(name, function, {_snake(wire): wire for wire in camel_case} | renamed)
        return function

    return register


def find(name: str) -> Method:
    """Look up a call by its remote name. Raises GenericError: for one that only a real hub has, saying so."""
    method = METHODS.get(name)
    if method is not None:
        return method
    if name in ABSENT:
        raise koji.GenericError(f"devhub does not have {name}; a real hub does")
    raise koji.GenericError(f"Invalid method: {name}")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
