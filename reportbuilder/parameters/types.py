"""The fourteen parameter types by name, and the one way from a raw value to a typed one."""

from reportbuilder.errors import Invalid
from reportbuilder.parameters.choices import Choice, Mapped
from reportbuilder.parameters.days import Day, Days, Expression
from reportbuilder.parameters.kinds import Kind
from reportbuilder.parameters.lists import AsinList, CampaignList, StringList
from reportbuilder.parameters.messages import show, suggest
from reportbuilder.parameters.quantities import Boolean, Number, Percentage, Threshold
from reportbuilder.parameters.texts import CampaignFilter, Text

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Day(),
        Days(),
        Expression(),
        Text(),
        Number(),
        Boolean(),
        CampaignList(),
        CampaignFilter(),
        AsinList(),
        StringList(),
        Threshold(),
        Percentage(),
        Choice(),
        Mapped(),
    )
}


def find_kind(name: object) -> Kind:
    """Return the type of that name.

    :raises Invalid: for any other name, with the nearest ones.
    """
    if isinstance(name, str) and name in KINDS:
        return KINDS[name]
    hint = suggest(str(name), KINDS, f"give one of {', '.join(KINDS)}")
    raise Invalid.field("parameter_type", f"{show(name)} is not a parameter type; {hint}")
