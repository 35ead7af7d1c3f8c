"""What there is to be listed: accounts, instances, advertisers, and the data sources of an instance."""

from collections.abc import Sequence

from flask import Flask, Response, request

from reportbuilder.sandbox import world
from reportbuilder.sandbox.answers import DATA_SOURCES, PLAIN, answer, data_source_body, refusal
from reportbuilder.sandbox.asking import slice_of
from reportbuilder.sandbox.box import Box
from reportbuilder.sandbox.doors import guarded


def add_administration(app: Flask, box: Box) -> None:
    """Add the addresses of the account's own."""

    def accounts() -> Response:
        return _paged("amcAccounts", [world.account_body()])

    def instances() -> Response:
        return _paged("instances", [world.instance_body(one) for one in box.instances.values()])

    def instance(instance: str) -> Response:
        return answer({"instance": world.instance_body(box.instances[instance])}, kind=PLAIN)

    def advertisers(instance: str) -> Response:
        bodies = world.advertiser_bodies(box.instances[instance].advertiser_types)
        return _paged("advertisers", bodies, totalCount=len(bodies))

    app.add_url_rule("/amc/accounts", "accounts", guarded(box, "accounts", accounts, entity=False))
    app.add_url_rule("/amc/instances", "instances", guarded(box, "instances", instances))
    app.add_url_rule("/amc/instances/<instance>", "instance", guarded(box, "instances", instance))
    rule = "/amc/instances/<instance>/advertisers"
    app.add_url_rule(rule, "advertisers", guarded(box, "instances", advertisers))


def add_data_sources(app: Flask, box: Box) -> None:
    """Add the addresses of the tables that an instance has."""

    def list_(instance: str) -> Response:
        bodies = [data_source_body(table) for table in world.tables_of(box.instances[instance]).values()]
        return _paged("dataSources", bodies, kind=DATA_SOURCES)

    def get(instance: str, name: str) -> Response:
        table = world.tables_of(box.instances[instance]).get(name.lower())
        if table is None:
            return refusal(404, f"Data source with ID {name} does not exist.", DATA_SOURCES)
        return answer({"dataSource": data_source_body(table)}, kind=DATA_SOURCES)

    rule = "/amc/reporting/<instance>/dataSources"
    app.add_url_rule(rule, "data_sources", guarded(box, "data_sources", list_))
    app.add_url_rule(f"{rule}/<name>", "data_source", guarded(box, "data_sources", get))


def _paged(name: str, items: Sequence[object], kind: str = PLAIN, **more: object) -> Response:
    page, token = slice_of(request.args, items)
    return answer({name: list(page), **more, **token}, kind=kind)
