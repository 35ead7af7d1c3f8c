"""What the actors of backfills do."""

from actors.broker import CALLS, RESULTS
from reportbuilder.backfills.advancing import advance_backfill
from reportbuilder.backfills.splitting import split_pack
from reportbuilder.executions import waking

ACTORS = (
    (waking.ADVANCE_BACKFILL, advance_backfill, CALLS, 1),
    (waking.SPLIT_PACK, split_pack, RESULTS, 1),
)
