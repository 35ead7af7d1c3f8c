"""Which column a name means, and what is wrong with it if it means none, or several."""

from sqlglot import exp

from reportbuilder.catalog.lint.facts import Fact, one_of
from reportbuilder.catalog.lint.findings import Fault
from reportbuilder.catalog.lint.sources import Frame, Frames
from reportbuilder.catalog.lint.standins import Choice, StandIns


def look_up(node: exp.Column, frames: Frames, standins: StandIns, faults: list[Fault]) -> Fact:
    """Return what is known of the column that a name means; faults are added to the list."""
    names = standins.names_of(node.this)
    if names is None or not frames:
        return Fact()
    found = []
    for choice, name in names:
        if node.args.get("table"):
            found.append(_qualified(node, choice, name, frames, standins, faults))
        else:
            found.append(_plain(node, choice, name, frames, faults))
    return one_of(found) if len(found) > 1 else found[0]


def _qualified(
    node: exp.Column, choice: Choice, name: str, frames: Frames, standins: StandIns, faults: list[Fault]
) -> Fact:
    qualifiers = standins.names_of(node.args["table"])
    if qualifiers is None or len(qualifiers) > 1:
        return Fact()
    alias = qualifiers[0][1]
    source = next((found for frame in frames if (found := frame.source(alias))), None)
    if source is None:
        _refuse_alias(node, alias, frames, faults)
        return Fact()
    fact = source.find(choice, name)
    if fact is None:
        lacking = source.lacking(choice, name)
        values = {"name": name, "table": lacking.label}
        faults.append(Fault("unknown-column", node, values, (name, lacking.columns)))
    return fact or Fact()


def _refuse_alias(node: exp.Column, alias: str, frames: Frames, faults: list[Fault]) -> None:
    """Refuse a qualifier, unless it may be a column that holds rows."""
    if any(alias in frame.columns() or alias in frame.aliases or frame.is_open for frame in frames):
        return
    aliases = [name for frame in frames for name, _ in frame.sources if name]
    values = {"name": alias, "way_out": f"here are {', '.join(aliases[:5]) or 'none'}"}
    faults.append(Fault("unknown-alias", node.args["table"], values, (alias, aliases)))


def _plain(node: exp.Column, choice: Choice, name: str, frames: Frames, faults: list[Fault]) -> Fact:
    for place, frame in enumerate(frames):
        having = [(alias, source) for alias, source in frame.sources if source.has(choice, name)]
        if len(having) > 1 and name not in frame.merged:
            tables = " and ".join(alias or source.label for alias, source in having[:3])
            faults.append(Fault("ambiguous-column", node, {"name": name, "tables": tables}))
            return Fact()
        if having:
            fact = having[0][1].find(choice, name)
            return fact if fact is not None else _lacking(node, name, frame, faults)
        if place == 0 and name in frame.aliases:
            if not frame.has_aliases:
                faults.append(Fault("early-alias", node, {"name": name}))
            return frame.aliases[name]
        if frame.is_open:
            return Fact()
    return _lacking(node, name, frames[0], faults)


def _lacking(node: exp.Column, name: str, frame: Frame, faults: list[Fault]) -> Fact:
    """Tell that no source has a column; that of the only source, by its own name."""
    if not frame.sources:
        label = "the query without FROM"
    elif len(frame.sources) == 1:
        variants = [v for v in frame.sources[0][1].variants if name not in v.columns]
        label = variants[0].label if variants else frame.sources[0][1].label
    else:
        label = " or ".join(source.label for _, source in frame.sources[:3])
    faults.append(Fault("unknown-column", node, {"name": name, "table": label}, (name, frame.columns())))
    return Fact()
