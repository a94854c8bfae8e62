"""The base of every type: frozen, strict about unknown keys, camelCase on the wire.

Docstrings under fields become `description` in the CRD and rows of the reference page, so that
there is one place to read and to write what a field means.
"""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel

GROUP = "ptaas.dev"
VERSION = "v1alpha1"
API_VERSION: Final = "ptaas.dev/v1alpha1"


class Model(BaseModel):
    """Frozen; unknown keys are refused; `snake_case` here is `camelCase` in YAML and JSON."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )


Money = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,8})?$")]
"""A non-negative decimal as a string, as Kubernetes has no decimal type and floats lose cents."""

Fraction = Annotated[str, StringConstraints(pattern=r"^0(\.[0-9]{1,6})?$|^1(\.0{1,6})?$")]
"""A decimal in [0, 1] as a string."""

Rate = Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)?(e-?[0-9]{1,2})?$", max_length=32)]
"""A positive number as a string, with an optional exponent, such as 2e-4."""

Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
"""A content digest: `sha256:` and 64 lower-case hex digits."""

Duration = Annotated[str, StringConstraints(pattern=r"^([0-9]{1,6}(h|m|s)){1,3}$", max_length=24)]
"""Hours, minutes and seconds, such as 72h or 1h30m."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$")]
"""A Kubernetes object name."""


def seconds_of(duration: str) -> int:
    """Seconds in a `Duration` such as 1h30m."""
    total, digits = 0, ""
    for char in duration:
        if char.isdigit():
            digits += char
        else:
            total, digits = total + int(digits) * {"h": 3600, "m": 60, "s": 1}[char], ""
    return total
