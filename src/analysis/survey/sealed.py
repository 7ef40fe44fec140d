"""Tables that a notebook can pass on but not read.

Data on single people (rosters, interviews, counts of people before the disclosure control of
`stats.disclosure`) are given to notebooks as `Sealed`. A `Sealed` has no values, no rows and no
text: printing, showing, drawing, indexing and formatting it raise SealedError, and so does every
function of a library. Only decorated functions take the content: those decorated with `sealing`
return a sealed result, those with `opening` return what may be published. A function without either
decorator fails, so that nothing is opened by oversight.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

SEALED = (
    "{}：逐人的或未经保护的数据不能在笔记本中显示、打印、作图或取值；"
    "请交给 analysis.stats 的函数（count、share、mean、medians 等），再用 section.keep "
    "(tells of single people or of small groups, so that it cannot be shown, printed, drawn or "
    "indexed in a notebook: give it to a function of analysis.stats such as count, share, mean or "
    "medians, and show what section.keep, section.wide or section.counties return)"
)


class SealedError(AttributeError):
    """Raised when the content of a sealed object is accessed."""


class Sealed:
    """Sealed data on people. name: its name in messages."""

    __slots__ = ("_name", "_value")

    def __init__(self, value: Any, name: str) -> None:
        self._value, self._name = value, name

    @property
    def columns(self) -> list[str]:
        """Names of the columns of the table."""
        return list(self._value.columns)

    def query(self, condition: str) -> Sealed:
        """Return the rows that meet a condition, sealed."""
        return Sealed(self._value.query(condition), self._name)

    def __getattr__(self, name: str) -> NoReturn:
        raise SealedError(SEALED.format(f"{object.__getattribute__(self, '_name')}.{name}"))

    def _refuse(self, *_: object) -> NoReturn:
        raise SealedError(SEALED.format(self._name))

    __repr__ = __str__ = __format__ = __getitem__ = __setitem__ = _refuse
    __len__ = __iter__ = __bool__ = __contains__ = __array__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = _refuse


def opened(value: Any) -> Any:
    """Return the content of a sealed object, also within a list, tuple or dict; else the value.

    Only for functions of this package: a notebook that uses this name is refused.
    """
    if isinstance(value, Sealed):
        return object.__getattribute__(value, "_value")
    if isinstance(value, dict):
        return {key: opened(one) for key, one in value.items()}
    if type(value) in (list, tuple):
        return type(value)(opened(one) for one in value)
    return value


def opening(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function to take sealed arguments and return a result that may be published."""

    @wraps(function)
    def open_first(*arguments: P.args, **options: P.kwargs) -> R:
        return function(*opened(arguments), **opened(options))

    return open_first


def sealing(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function to take sealed arguments and return a sealed result.

    The result is sealed only if one of the arguments was.
    """

    @wraps(function)
    def open_and_seal(*arguments: P.args, **options: P.kwargs) -> Any:
        given = (*arguments, *options.values())
        found = function(*opened(arguments), **opened(options))
        return Sealed(found, function.__name__) if any(map(_is_sealed, given)) else found

    return open_and_seal


def _is_sealed(value: Any) -> bool:
    """Return whether a value is sealed or contains a sealed object."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if type(value) in (list, tuple):
        return any(map(_is_sealed, value))
    return isinstance(value, Sealed)
