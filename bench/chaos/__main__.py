"""Kill everything at random while work goes on, and print whether anything was lost, doubled or stuck."""

import argparse
import os
import random
import sys
from pathlib import Path

from bench.chaos.story import Outcome, Plan, run
from bench.ground import verdict
from reportbuilder.settings import Settings

KEPT_LOGS = Path(".bench")


def main() -> int:
    """Run the storm once and print the books."""
    parser = argparse.ArgumentParser(prog="bench.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("CHAOS_SEED", "0")), help="0: any")
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("CHAOS_MINUTES", "30")))
    parser.add_argument("--speed", type=float, default=Plan.speed, help="simulated seconds in a real one")
    asked = parser.parse_args()
    plan = Plan(asked.seed or random.SystemRandom().randrange(1, 1_000_000), asked.minutes, asked.speed)
    print(f"seed {plan.seed}: {plan.minutes:g} simulated minutes, {plan.speed:g} times as fast", flush=True)
    outcome = run(plan)
    show(outcome)
    KEPT_LOGS.mkdir(exist_ok=True)
    kept = KEPT_LOGS / f"chaos-{plan.seed}.log"
    kept.write_text(outcome.logs)
    print(f"blows, the lives of those named above, and the processes' logs: {kept}")
    return 0 if outcome.is_kept else 1


def show(outcome: Outcome) -> None:
    """Print what came of it."""
    _show_blows(outcome)
    _show_work(outcome)
    _show_waits(outcome)
    faults = outcome.faults
    for name, cases in (("lost", faults.lost), ("doubled", faults.doubled), ("stuck", faults.stuck)):
        for case in cases[:20]:
            print(f"  {name}: {case}")
        verdict(name, kept=not cases, told=str(len(cases)))
    for answer in outcome.odd[:20]:
        print(f"  {answer}")
    verdict("answers with 500", kept=not outcome.odd, told=str(len(outcome.odd)))
    slots = Settings.instance_slots
    verdict(
        "at AMC at once, an instance", kept=outcome.at_once <= slots, told=f"{outcome.at_once} of {slots}"
    )


def _show_blows(outcome: Outcome) -> None:
    print(f"\n{'blow':<38}{'times':>6}  longest until anything moved")
    for kind, (times, longest) in sorted(outcome.standstills.items()):
        print(f"{kind:<38}{times:>6}{longest:>8.1f} s simulated")
    met = ", ".join(f"{point} {times}" for point, times in sorted(outcome.met.items()))
    print(f"died between two steps: {met or 'none got there'}")


def _show_work(outcome: Outcome) -> None:
    print(f"\n{'':<24}{'due':>6}{'fired':>7}")
    for line in outcome.lines:
        others = ", ".join(f"{why} {times}" for why, times in sorted(line.otherwise.items()))
        print(f"{line.name:<24}{line.due:>6}{line.fired:>7}  {others}")
    print(f"submitted at AMC {outcome.submitted}; {_counts(outcome.states)}")
    print(f"intents: {_counts(outcome.intents)}")
    print(f"answers by status (0: none): {_counts(outcome.statuses)}")


def _show_waits(outcome: Outcome) -> None:
    def told(seconds: float) -> str:
        return f"{seconds:.1f} s simulated = {seconds / outcome.plan.speed:.1f} s on this machine"

    print()
    for kind, wait in sorted(outcome.waits.items()):
        print(f"longest {kind}: {told(wait.seconds)} ({wait.what})")
    longest = max(outcome.waits.values())
    print(f"the longest recovery: {told(longest.seconds)}")
    print(f"all settled {outcome.settled_after:.1f} s after the storm")


def _counts(counts: "dict[str, int] | dict[int, int]") -> str:
    return ", ".join(f"{name} {times}" for name, times in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main())
