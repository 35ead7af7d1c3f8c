"""What the actors of schedules do."""

from actors.broker import CALLS
from reportbuilder.executions.waking import FOLLOW_FIRING
from reportbuilder.schedules.following import follow_firing

ACTORS = ((FOLLOW_FIRING, follow_firing, CALLS, 1),)
