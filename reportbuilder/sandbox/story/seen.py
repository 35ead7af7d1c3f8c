"""The columns of what an Amazon DSP impression led to: views, a playing video, segments reached."""

from reportbuilder.sandbox.story.displayed import DISPLAYED
from reportbuilder.sandbox.story.phrases import LINE, spans, times

_IS_MEASURED = "chance(t.h, 'measured') < 0.82"
# a view takes one second in sight, two of a video
_SECONDS = "if(u.word = 'VIEW', if(c.creative_category = 'Video', 2, 1), 0)"

# what is known of how an impression was seen, at most two of these
VIEWS = f"""list_filter([
    if({_IS_MEASURED}, 'MEASURABLE_IMP', NULL),
    if({_IS_MEASURED} AND chance(t.h, 'in view') < 0.68, 'VIEW', NULL),
    if(chance(t.h, 'measured') BETWEEN 0.82 AND 0.88, 'UNMEASURABLE_IMP', NULL),
    if(chance(t.h, 'measured') BETWEEN 0.88 AND 0.92, 'SYNTHETIC_VIEW', NULL)
    ], lambda word: word IS NOT NULL)"""

DSP_VIEWS = {
    **DISPLAYED,
    **spans("campaign", "dt"),
    **spans("line_item", "dt"),
    **times("event", f"(t.utc_at + to_seconds({_SECONDS}))", f"(t.local_at + to_seconds({_SECONDS}))"),
    "event_type": "u.word",
    "events": "1",
    "impression_id": "hex(t.h)",
    "measurable_impressions": "if(u.word = 'MEASURABLE_IMP', 1, 0)",
    "unmeasurable_viewable_impressions": "if(u.word IN ('UNMEASURABLE_IMP', 'SYNTHETIC_VIEW'), 1, 0)",
    "view_definition": "if(u.word = 'VIEW', 'MRC', NULL)",
    "viewable_impressions": "if(u.word = 'VIEW', 1, 0)",
}

SEGMENTED = {
    **DISPLAYED,
    "behavior_segment_description": "g.description",
    "behavior_segment_id": "g.segment_id",
    "behavior_segment_matched": f"if(list_contains(c.targets[1 + {LINE}], g.segment_id), 1, 0)",
    "behavior_segment_name": "g.name",
}

# how likely each event of the player is; who sees the end has seen every quarter before it
_QUARTERS = {"first_quartile": 0.88, "midpoint": 0.80, "third_quartile": 0.74, "complete": 0.68}
_TOUCHES = {
    "creative_view": 0.15,
    "mute": 0.06,
    "unmute": 0.03,
    "pause": 0.04,
    "skip_backward": 0.01,
    "skip_forward": 0.05,
}
_EVENTS = {
    "impression": "true",
    "start": "chance(t.h, 'watched') < 0.97",
    **{name: f"chance(t.h, 'watched') < {share}" for name, share in _QUARTERS.items()},
    **{name: f"chance(t.h, '{name}') < {share}" for name, share in _TOUCHES.items()},
    "resume": "chance(t.h, 'pause') < 0.03",
    "replay": "chance(t.h, 'watched') < 0.01",
    "click": "t.clicked",
}

# what the player tells of one impression
PLAYED = (
    "list_filter(["
    + ", ".join(f"if({condition}, '{word}', NULL)" for word, condition in _EVENTS.items())
    + "], lambda word: word IS NOT NULL)"
)

VIDEO_EVENTS = {
    **DISPLAYED,
    **{f"video_{word}": f"if(u.word = '{word}', 1, 0)" for word in _EVENTS},
}
