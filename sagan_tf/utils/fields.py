"""Dataclass fields that are declared once: default, meaning and range."""

import contextlib
import dataclasses
import json
import math
import reprlib
import typing

from sagan_tf.utils import files

# TensorFlow counts in 32 bits.
_MAX = 2**31 - 1


def field(
    default, text, at_least=None, above=None, below=None, at_most=None,
    choices=None,
):  # fmt: skip
    """Declares a dataclass field.

    Args:
        default: Default value.
        text: String, the meaning of the field.
        at_least, above, below, at_most: Numbers that bound the field, or
            None. A field that is None has no bounds.
        choices: Tuple of the values that are possible, or None for any; if
            the field is a tuple, those of its items.
    """
    metadata = {
        "text": text,
        "at least": at_least,
        "above": above,
        "below": below,
        "at most": at_most,
        "one of": None if isinstance(default, tuple) else choices,
        "some of": choices if isinstance(default, tuple) else None,
    }
    return dataclasses.field(default=default, metadata=metadata)


class Fields:
    """Base class of a dataclass whose fields are all declared by `field`.

    A field may be a string, a boolean, an integer, a float, an integer or
    None, or a tuple of integers or of strings.
    """

    def validate(self):
        """Raises a `ValueError` that names the first field out of range.

        Integers in float fields become floats, and lists become tuples.
        """
        types = typing.get_type_hints(type(self))
        for each in dataclasses.fields(self):
            value = _checked(
                each.name, getattr(self, each.name), types[each.name]
            )
            # Dataclasses may be frozen.
            object.__setattr__(self, each.name, value)
            rule = _broken_rule(value, each.metadata)
            if rule:
                self.reject(each.name, f"must be {rule}")

    def reject(self, name, rule):
        """Raises a `ValueError` for a field that breaks a rule."""
        raise ValueError(
            f"`{name}` {rule}. Received: {name}={getattr(self, name)!r}"
        )

    def to_json(self):
        """Returns the fields as a JSON object, indented, sorted by name."""
        return json.dumps(dataclasses.asdict(self), indent=2, sort_keys=True)

    @classmethod
    def from_dict(cls, values):
        """Returns an instance, whose other fields have their defaults.

        Raises:
            ValueError: If a field is unknown or has the wrong type.
        """
        types = typing.get_type_hints(cls)
        for name in values:
            if name not in types:
                raise ValueError(f"`{name}` is not a field of {cls.__name__}")
        return cls(
            **{
                name: _checked(name, value, types[name])
                for name, value in values.items()
            }
        )

    @classmethod
    def from_json(cls, text):
        """Returns the instance that `to_json` wrote.

        Raises:
            ValueError: If `text` is not a JSON object, or a field is unknown
                or has the wrong type.
        """
        try:
            values = json.loads(text)
        except RecursionError as error:
            raise ValueError(str(error)) from None
        if not isinstance(values, dict):
            raise ValueError(
                f"`text` must be a JSON object. Received: {text[:80]}"
            )
        return cls.from_dict(values)

    def save(self, path):
        """Writes the JSON to `path`, whole or not at all."""
        files.write_text(path, self.to_json() + "\n")

    @classmethod
    def load(cls, path):
        """Reads and validates what `save` wrote; errors name the path."""
        try:
            with open(path, encoding="utf-8") as file:
                loaded = cls.from_json(file.read())
            loaded.validate()
            return loaded
        except ValueError as error:
            # The names in a file are not those of arguments or flags.
            reason = str(error).replace("`", '"')
            raise ValueError(
                f"{path} is not a configuration: {reason}"
            ) from None

    def differences(self, other):
        """Returns the fields that differ from those of another object.

        It is a dictionary from the name of a field to a pair: the value here
        and the value in `other`.
        """
        pairs = {
            each.name: (getattr(self, each.name), getattr(other, each.name))
            for each in dataclasses.fields(self)
        }
        return {
            name: (here, there)
            for name, (here, there) in pairs.items()
            if here != there
        }

    @classmethod
    def describe(cls):
        """Returns (name, default, text with the range) of each field."""
        return [
            (each.name, each.default, _described(each.metadata))
            for each in dataclasses.fields(cls)
        ]


_RULES = {
    "at least": lambda value, bound: value >= bound,
    "above": lambda value, bound: value > bound,
    "below": lambda value, bound: value < bound,
    "at most": lambda value, bound: value <= bound,
    "one of": lambda value, choices: value in choices,
    "some of": lambda value, choices: set(value) <= set(choices),
}


def _described(metadata):
    """Returns a field's text and its range, such as "At least 1."."""
    rules = [
        f"{rule} {', '.join(map(str, bound)) if rule.endswith('of') else bound}"
        for rule, bound in metadata.items()
        if rule in _RULES and bound is not None
    ]
    if not rules:
        return metadata["text"]
    rules = ", ".join(rules)
    return f"{metadata['text']} {rules[0].upper()}{rules[1:]}."


def _broken_rule(value, metadata):
    """Returns the rule that a value breaks, such as "at least 1", or None."""
    for number in value if isinstance(value, tuple) else (value,):
        if type(number) is float and not math.isfinite(number):
            return "finite"
        if type(number) is int and number > _MAX:
            return f"at most {_MAX}"
    for rule, holds in _RULES.items():
        bound = metadata[rule]
        if None not in (value, bound) and not holds(value, bound):
            return f"{rule} {bound}"
    return None


def _checked(name, value, expected):
    """Returns a value in the type of its field, or raises a `ValueError`."""
    if typing.get_origin(expected) is tuple:
        if isinstance(value, (list, tuple)) and all(
            type(item) is typing.get_args(expected)[0] for item in value
        ):
            return tuple(value)
    elif type(None) in typing.get_args(expected):
        if value is None or type(value) is int:
            return value
    elif expected is float and type(value) in (int, float):
        # An integer may be too large for a float.
        with contextlib.suppress(OverflowError):
            return float(value)
    elif type(value) is expected:
        return value
    raise ValueError(
        f"`{name}` must be {expected}. Received: {reprlib.repr(value)}"
    )
