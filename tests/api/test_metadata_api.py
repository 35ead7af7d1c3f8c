"""Value lists over the API: who may see and change them, search, refresh, upload; templates by instance."""

from typing import Any

import pytest

from reportbuilder import clock
from reportbuilder.amc import sources
from reportbuilder.api.doors import BODY_MAX
from reportbuilder.catalog.library import install_library
from reportbuilder.database import transaction
from reportbuilder.valuelists import storing, uploading
from reportbuilder.valuelists.kinds import SOURCES, Found
from tests.api.conftest import Callers
from tests.api.test_frame import check

FIRST = "instance_id=amcnorthwind01"


@pytest.fixture
def campaigns(callers: Callers) -> None:
    names = ("Halden | SP", "Halden | DSP", "Petal_1 | SP")
    with transaction() as session:
        found = [
            Found("campaign", name, None, 9 - place, {"campaign_id": "1"}) for place, name in enumerate(names)
        ]
        storing.store_seen(session, callers.cast.first.id, found, clock.now())
        install_library(session)


@pytest.mark.usefixtures("campaigns")
def test_values_are_searched_and_counted(callers: Callers) -> None:
    body = callers.cleo.get(f"/metadata/campaigns?{FIRST}&limit=2").get_json()
    assert [item["value"] for item in body["items"]] == ["Halden | SP", "Halden | DSP"]
    assert (body["total"], body["refreshed_at"], body["is_refreshing"]) == (3, None, False)
    assert body["items"][0]["detail"] == {"campaign_id": "1"}
    assert callers.ben.get(f"/metadata/campaigns?{FIRST}&pattern=*SP").get_json()["total"] == 3
    assert callers.ben.get(f"/metadata/campaigns?{FIRST}&pattern=* SP").get_json()["total"] == 2
    assert callers.ben.get(f"/metadata/campaigns?{FIRST}&pattern=*sp").get_json()["total"] == 0
    assert callers.ben.get(f"/metadata/campaigns?{FIRST}&search=PETAL").get_json()["total"] == 1


def test_lists_belong_to_those_who_may_see_the_instance(callers: Callers) -> None:
    check(callers.ben.get("/metadata/asins?instance_id=amcnorthwind02"), 404, "NOT_FOUND")
    check(callers.ben.get(f"/metadata/colours?{FIRST}"), 404, "NOT_FOUND")
    check(callers.ben.get("/metadata/asins"), 422, "VALIDATION_ERROR")
    refresh = {"instance_id": "amcnorthwind01"}
    check(callers.cleo.post("/metadata/refresh", json=refresh), 403, "NOT_PERMITTED")
    csv: dict[str, Any] = {"data": "B0SEEN0001\n", "content_type": "text/csv"}
    check(callers.cleo.post(f"/metadata/asins/upload?{FIRST}", **csv), 403, "NOT_PERMITTED")
    check(callers.cleo.ask("DELETE", f"/metadata/asins/uploaded?{FIRST}"), 403, "NOT_PERMITTED")


def test_a_file_is_taken_whole_or_not_at_all(callers: Callers) -> None:
    path = f"/metadata/asins/upload?{FIRST}"
    wrong = callers.ben.post(path, data="B0SEEN0001\nB0\n", content_type="text/csv")
    assert "line 2" in check(wrong, 422, "VALIDATION_ERROR")["file"][0]
    check(callers.ben.post(path, json=["B0SEEN0001"]), 415, "UNSUPPORTED_MEDIA_TYPE")
    taken = callers.ben.post(path, data="B0SEEN0001,Tent\nB0SEEN0002\n", content_type="text/csv")
    assert (taken.status_code, taken.get_json()) == (200, {"taken": 2})
    callers.ben.post(f"{path}&replace=true", data="B0SEEN0001\n", content_type="text/csv")
    body = callers.ben.get(f"/metadata/asins?{FIRST}").get_json()
    assert [(item["value"], item["label"]) for item in body["items"]] == [("B0SEEN0001", "Tent")]
    assert callers.ben.ask("DELETE", f"/metadata/asins/uploaded?{FIRST}").status_code == 204
    assert callers.ben.get(f"/metadata/asins?{FIRST}").get_json()["total"] == 0


@pytest.mark.usefixtures("campaigns")
def test_a_refresh_asks_once(callers: Callers) -> None:
    body = {"instance_id": "amcnorthwind01"}
    first = callers.ben.post("/metadata/refresh", json=body, headers={"Idempotency-Key": "a"})
    assert first.status_code == 202
    assert len(first.get_json()["execution_ids"]) == len(SOURCES)
    assert callers.ben.get("/executions?triggered_by=api").get_json()["total"] == len(SOURCES)
    again = callers.ben.post("/metadata/refresh", json=body, headers={"Idempotency-Key": "a"})
    assert again.get_json() == first.get_json()
    assert callers.ben.post("/metadata/refresh", json=body).get_json() == {"execution_ids": []}
    assert callers.ben.get(f"/metadata/asins?{FIRST}").get_json()["is_refreshing"] is True


@pytest.mark.usefixtures("campaigns")
def test_templates_are_kept_by_what_an_instance_has(callers: Callers) -> None:
    everything = callers.ben.get("/templates?limit=100").get_json()["total"]
    assert callers.ben.get(f"/templates?{FIRST}").get_json()["total"] == everything, "not known yet"
    with transaction() as session:
        sources._store(session, callers.cast.first.id, {"sponsored_ads_traffic"}, clock.now())
    kept = callers.ben.get(f"/templates?{FIRST}&limit=100").get_json()["items"]
    assert {"Search term analysis", "Sponsored ads campaigns"} & {item["name"] for item in kept}
    assert {table for item in kept for table in item["tables"]} == {"sponsored_ads_traffic"}
    assert 0 < len(kept) < everything
    check(callers.ben.get("/templates?instance_id=amcnorthwind02"), 404, "NOT_FOUND")


@pytest.mark.usefixtures("campaigns")
def test_a_form_offers_the_values_of_an_instance(callers: Callers) -> None:
    found = callers.ben.get("/templates?limit=100").get_json()["items"]
    [template_id] = [each["template_id"] for each in found if each["name"] == "Time to conversion"]
    path = f"/templates/{template_id}"
    plain = callers.ben.get(path).get_json()
    assert "choices" not in plain["form"]["ui"]["campaigns"].get("ui:options", {})
    assert plain["missing_tables"] is None
    with transaction() as session:
        sources._store(session, callers.cast.first.id, {"dsp_clicks"}, clock.now())
    here = callers.ben.get(f"{path}?{FIRST}").get_json()
    choices = here["form"]["ui"]["campaigns"]["ui:options"]["choices"]
    assert choices[0] == {"value": "Halden | SP", "label": "Halden | SP"}
    assert here["missing_tables"] == here["tables"] == ["amazon_attributed_events_by_conversion_time"]


def test_a_long_list_may_be_longer_than_other_bodies(callers: Callers) -> None:
    data = "\n".join(f"Campaign {number} {'x' * 120}" for number in range(9_000))
    assert len(data) > BODY_MAX
    path = "/metadata/campaigns/upload?instance_id=amcnorthwind01"
    answer = callers.ada.post(path, data=data, content_type="text/csv")
    assert (answer.status_code, answer.get_json()) == (200, {"taken": 9_000})
    answer = callers.ada.post(path, data="x" * (uploading.LARGEST + 1), content_type="text/csv")
    check(answer, 413, "TOO_LARGE")
