"""Reads raw settings, literals or `{env: NAME}`, and collects what is wrong with them.

Dagster's own templates are not used for values: they turn `2.10` into 2.1 and keep the value in the
component's repr.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Reader:
    """Reads raw settings and collects problems.

    Attributes:
        raw: Settings as they stand in the file.
        environment: Environment variables.
        problems: One line per problem.
        warnings: One line per warning.
    """

    raw: Mapping[str, object]
    environment: Mapping[str, str]
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def value(self, setting: str) -> object:
        """Give a setting's literal or variable; None where it is unset or empty."""
        raw = self.raw.get(setting)
        if isinstance(raw, Mapping) and set(raw) == {"env"}:
            raw = self.environment.get(str(raw["env"]), "").strip()
        return None if raw is None or raw == "" else raw

    def problem(self, setting: str, value: object, allowed: str) -> None:
        """Note a problem: the setting, its value, what is allowed, where to change it."""
        self.problems.append(f"{self._place(setting)} is {value!r}: {allowed}")

    def text(self, setting: str) -> str | None:
        """Give a setting that must be text: YAML turns 2.10 and 12_3 into other numbers."""
        value = self.value(setting)
        if value is None or isinstance(value, str):
            return value
        self.problem(setting, value, "write it in quotes, so that YAML keeps it as text")
        return None

    def parsed(self, setting: str, parse: Callable[[str], T], default: T) -> T:
        """Parse a text setting; its ValueError says what is allowed."""
        value = self.text(setting)
        if value is None:
            return default
        try:
            return parse(value)
        except ValueError as error:
            self.problem(setting, value, str(error))
            return default

    def secret(self, setting: str) -> str | None:
        """Give the variable that holds a secret, None where none is named or it is not set."""
        raw = self.raw.get(setting)
        if raw is None:
            return None
        if isinstance(raw, Mapping) and set(raw) == {"env"} and isinstance(raw["env"], str):
            return raw["env"] if self.environment.get(raw["env"], "").strip() else None
        # The value is not repeated: it may be the secret.
        self.problems.append(
            f"{setting} must name a variable, {{env: NAME}}: a secret in a file ends up in "
            "version control"
        )
        return None

    def needed(self, setting: str) -> str:
        """Give a setting that there is no default for."""
        value = self.text(setting)
        if value is None and not any(one.startswith(setting) for one in self.problems):
            self.problems.append(f"{self._place(setting)} is not set")
        return value or ""

    def _place(self, setting: str) -> str:
        raw = self.raw.get(setting)
        if isinstance(raw, Mapping) and "env" in raw:
            return f"{setting} (variable {raw['env']})"
        return setting
