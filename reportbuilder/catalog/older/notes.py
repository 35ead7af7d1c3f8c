"""What is said of a template on its way in: warnings, and reasons to refuse it."""

from dataclasses import dataclass, field

from reportbuilder.errors import Invalid


@dataclass(frozen=True)
class Note:
    """One remark: the field that it is about, and what was done or is wrong, with the way out."""

    field: str
    reason: str

    def __str__(self) -> str:
        return self.reason if self.reason.startswith(f"{self.field}: ") else f"{self.field}: {self.reason}"


@dataclass
class Notes:
    """Gathers remarks; a template with a refusal is not imported at all."""

    warnings: list[Note] = field(default_factory=list)
    refusals: list[Note] = field(default_factory=list)

    def warn(self, name: str, reason: str) -> None:
        """Say what was changed."""
        _add(self.warnings, Note(name, reason))

    def refuse(self, name: str, reason: str) -> None:
        """Say why it cannot be imported."""
        _add(self.refusals, Note(name, reason))

    def refuse_column(self, name: str, error: Invalid) -> None:
        """Take over why a column cannot be read."""
        for reasons in error.details.values():
            for reason in reasons:
                self.refuse(name, reason)

    def refuse_all(self, error: Invalid) -> None:
        """Take over the reasons of an error."""
        for name, reasons in error.details.items():
            for reason in reasons:
                self.refuse(name, reason)
        if not error.details:
            self.refuse("template", error.message)


def _add(notes: list[Note], note: Note) -> None:
    if note not in notes:
        notes.append(note)
