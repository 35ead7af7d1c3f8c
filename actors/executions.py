"""What the actors of executions do."""

from actors.broker import CALLS, RESULTS
from reportbuilder.executions import waking
from reportbuilder.executions.cancelling import send_cancel
from reportbuilder.executions.collecting import collect
from reportbuilder.executions.looking import look
from reportbuilder.executions.submitting import submit_next

ACTORS = (
    (waking.SUBMIT_NEXT, submit_next, CALLS, 0),
    (waking.CANCEL, send_cancel, CALLS, 1),
    (waking.LOOK, look, CALLS, 2),
    (waking.COLLECT, collect, RESULTS, 0),
)
