"""The columns of Prime Video channels: who subscribes, and what subscribers stream."""

from reportbuilder.sandbox.story.phrases import MARKETPLACE, NO_TRACKERS, PERSON

_CHANNELS = "['Summit Films', 'Hearth TV', 'Encore Live']"

_IDS = {
    **PERSON,
    **MARKETPLACE,
    "no_3p_trackers": NO_TRACKERS,
}
_IS_PROMO = "(t.n = 1 AND chance(t.h, 'promo') < 0.2)"
_IS_OVER = "t.is_last AND t.ends < t.until"

ENROLLMENTS = {
    **_IDS,
    "pv_benefit_id": "'channel-' || t.channel",
    "pv_benefit_name": f"{_CHANNELS}[1 + t.channel]",
    "pv_billing_type": "if(t.n = 0, 'FREE_TRIAL', 'MONTHLY')",
    "pv_end_date": "t.ends",
    "pv_enrollment_status": f"if({_IS_OVER}, 'CANCELLED', if(t.ends < t.until, 'EXPIRED', 'ACTIVE'))",
    "pv_is_latest_record": "t.is_last OR t.ends >= t.until",
    "pv_is_plan_conversion": "t.n = 1",
    "pv_is_plan_start": "t.n = 0",
    "pv_is_promo": _IS_PROMO,
    "pv_offer_name": f"{_CHANNELS}[1 + t.channel] || if(t.n = 0, ' free week', ' monthly')",
    "pv_start_date": "t.starts",
    "pv_sub_event_primary_key": "hex(hash(t.h, t.n))",
    "pv_subscription_id": "hex(hash(t.h, 'subscription'))",
    "pv_subscription_name": f"{_CHANNELS}[1 + t.channel]",
    "pv_subscription_product_id": "'B0' || upper(substr(md5('channel' || t.channel), 1, 8))",
    "pv_unit_price": f"if(t.n = 0, 0, if({_IS_PROMO}, 0.99, [5.99, 8.99, 10.99][1 + t.channel]))",
}

_NAMES = "['The Long Ridge', 'Salt and Smoke', 'Quiet Engines', 'Harbor Lights', 'Paper Kites', 'Last Train']"
_NAME = f"{_NAMES}[1 + t.work % 6]"
_EPISODE = "(1 + t.title % 4)"
_ACTORS = "['Ana Reyes', 'Tom Okafor', 'Mia Lindqvist', 'Raj Patel']"
_GENRES = "['Drama', 'Comedy', 'Documentary']"
_GAME = "'Game ' || (1 + t.title)"
_IS_TRAILER = "chance(t.h, 'trailer') < 0.06"
_IS_FREE = "chance(t.h, 'free') < 0.1"

STREAMS = {
    **_IDS,
    "pv_access_type": f"if({_IS_FREE}, 'free', 'subscription')",
    "pv_gti_cast": f"{_ACTORS}[1 + t.work % 3 : 2 + t.work % 3]",
    "pv_gti_content_entity_type": "if(t.is_game, 'Live Event', if(t.is_series, 'TV Show', 'Movie'))",
    "pv_gti_content_rating": "['ALL', '13+', '16+'][1 + t.work % 3]",
    "pv_gti_content_type": "if(t.is_game, 'Event', if(t.is_series, 'TV Episode', 'Movie'))",
    "pv_gti_director": "[['Lena Hart', 'Owen Cole', 'Ida Moreau'][1 + t.work % 3]]",
    "pv_gti_episode": f"if(t.is_series, CAST({_EPISODE} AS VARCHAR), NULL)",
    "pv_gti_event_context": "if(t.is_game, 'Regular season', NULL)",
    "pv_gti_event_item": "if(t.is_game, 'Game ' || (1 + t.title), NULL)",
    "pv_gti_event_league": "if(t.is_game, 'Coastal League', NULL)",
    "pv_gti_event_name": "if(t.is_game, 'Harbor Gulls at Pine City, game ' || (1 + t.title), NULL)",
    "pv_gti_event_sport": "if(t.is_game, 'Basketball', NULL)",
    "pv_gti_genre": f"if(t.is_game, ['Sports'], [{_GENRES}[1 + t.work % 3], 'Family'])",
    "pv_gti_is_live": "t.is_game AND chance(t.h, 'live') < 0.8",
    "pv_gti_release_date": "DATE '2018-03-01' + 71 * t.work",
    "pv_gti_season": "if(t.is_series, CAST(1 + t.work % 2 AS VARCHAR), NULL)",
    "pv_gti_series_or_movie_name": f"if(t.is_game, NULL, {_NAME})",
    "pv_gti_studio": "['Summit Pictures', 'Hearth Studios', 'Encore Sports'][1 + t.channel]",
    "pv_gti_title_name": f"if(t.is_game, {_GAME}, {_NAME} || if(t.is_series, ', part ' || {_EPISODE}, ''))",
    "pv_is_avod": _IS_FREE,
    "pv_is_channels": "true",
    "pv_is_hh_share": "chance(t.h, 'shared') < 0.12",
    "pv_is_svod": f"NOT ({_IS_FREE})",
    "pv_is_user_initiated": "chance(t.h, 'by hand') < 0.85",
    "pv_material_type": f"if(t.is_game, 'live', if({_IS_TRAILER}, 'trailer', 'full'))",
    "pv_offer_group": f"if({_IS_FREE}, 'free', 'subscription')",
    "pv_playback_date_utc": "CAST(t.utc_at AS DATE)",
    "pv_playback_dt_utc": "t.utc_at",
    "pv_seconds_viewed": f"if({_IS_TRAILER}, 60, 300 + pick(t.h, 'seconds', if(t.is_series, 2700, 6300)))",
    "pv_session_id": "hex(t.h)",
    "pv_stream_type": "if(t.is_game, 'live-event', 'VOD')",
    "pv_streaming_asin": "'B0' || upper(substr(md5('title' || t.work || '-' || t.title), 1, 8))",
    "pv_streaming_geo_country": "if(chance(t.h, 'abroad') < 0.02, 'CA', 'US')",
    "pv_streaming_gti": "'amzn1.dv.gti.' || md5('title' || t.work || '-' || t.title)",
    "pv_streaming_language": "if(chance(t.h, 'language') < 0.1, 'es-US', 'en-US')",
}
