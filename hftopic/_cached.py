"""Properties that are computed once, without a lock.

``functools.cached_property`` has a lock up to Python 3.11, one for all instances. A process that is forked
while another thread holds it would wait for ever. Here, two threads may compute the same value.
"""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

ValueT = TypeVar("ValueT")


class cached_property(Generic[ValueT]):  # noqa: N801  (a decorator, named as in functools)
    """Property whose value is kept in the instance, in place of the property."""

    def __init__(self, compute: Callable[[Any], ValueT]) -> None:
        self.compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> ValueT: ...

    def __get__(self, instance: object | None, owner: type) -> Self | ValueT:
        if instance is None:
            return self
        value = self.compute(instance)
        vars(instance)[self.name] = value
        return value
