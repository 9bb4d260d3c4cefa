"""The errors that a user can meet. One root, three leaves; nothing else is raised on purpose."""

from pathlib import Path


class AcquitError(Exception):
    """The root: whatever goes wrong in a way that acquit knows of."""


class Undecodable(AcquitError):
    """A record whose bytes cannot be read as what they should be. It becomes a dead letter and the stream goes on.

    `reason` is one of the closed list `UNDECODABLE_REASONS` (a metric label); `detail` names the field and what is
    wrong with it, never the value, for a value may be an address.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


UNDECODABLE_REASONS = (
    "undecodable",  # the bytes are not what the decoder reads: bad JSON, bad UTF-8, no receipt in the text
    "wrong_type",  # a field of another type
    "missing_field",  # a field that must be there
    "absurd_value",  # a time before 2000 or days ahead, a negative price, a word of no closed list
    "too_large",  # more than `max_record_bytes`
    "empty",  # no value at all
    "unmapped",  # nothing says which provider wrote it
    "unknown_provider",  # a provider that no decoder is named after
)


class _Located(AcquitError):
    """An error of a file that people write: it names the file, the line and the field."""

    def __init__(self, file: str | Path, line: int | None, field: str | None, problem: str) -> None:
        place = f"{file}:{line}" if line else str(file)
        super().__init__(f"{place}: {field}: {problem}" if field else f"{place}: {problem}")
        self.file, self.line, self.field, self.problem = str(file), line, field, problem


class BadRules(_Located):
    """A rule file that cannot be trusted. acquit refuses to start."""


class BadSettings(_Located):
    """A setting that is unknown or wrong. acquit refuses to start."""
