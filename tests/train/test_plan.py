"""The schedule ends at zero with the last step, whatever the clock made of the number of epochs."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intertwine.train.plan import Plan, Schedule

schedules = st.builds(
    Schedule,
    epochs=st.integers(1, 8),
    steps=st.integers(1, 7),
    learning_rate=st.floats(1e-4, 1.0),
    shape=st.sampled_from(["cosine", "linear", "constant"]),
    warmup=st.floats(0.0, 3.0),
)


def rates(plan: Plan) -> list[float]:
    found = []
    while not plan.finished:
        found.append(plan.learning_rate)
        plan.advance()
    return found


@given(schedules)
def test_the_rate_rises_then_falls_and_the_descent_is_complete(schedule: Schedule) -> None:
    plan = Plan(schedule)
    found = rates(plan)
    assert len(found) == schedule.epochs * schedule.steps
    assert all(0.0 < rate <= schedule.learning_rate * (1 + 1e-12) for rate in found)
    top = schedule.hold
    assert all(a <= b * (1 + 1e-12) for a, b in pairwise(found[:top]))
    assert all(a >= b * (1 - 1e-12) for a, b in pairwise(found[top:]))
    if top < len(found):
        assert plan.progress == pytest.approx(1.0)


@given(schedules, st.integers(0, 60))
def test_a_plan_restored_at_any_step_goes_on_to_the_bit(schedule: Schedule, cut: int) -> None:
    plan = Plan(schedule)
    for _ in range(min(cut, schedule.epochs * schedule.steps)):
        plan.advance()
    other = Plan(schedule)
    other.load_state_dict(plan.state_dict())
    assert rates(other) == rates(plan)


@given(st.integers(2, 50), st.integers(1, 5), st.floats(0.1, 100.0))
def test_a_budget_gives_the_very_run_that_the_number_of_epochs_would(
    epochs: int, steps: int, pace: float
) -> None:
    """What the clock decides can be repeated without a clock."""
    timed = Plan(Schedule(10_000, steps, 0.01, max_seconds=pace * (epochs + 0.5)))
    first = [timed.learning_rate]
    for _ in range(steps - 1):
        timed.advance()
        first.append(timed.learning_rate)
    timed.advance()
    timed.seconds = pace
    assert "epochs fit into" in (timed.end_epoch(pace) or "")
    assert timed.epochs == epochs
    assert first + rates(timed) == rates(Plan(Schedule(epochs, steps, 0.01)))


def after(seconds: float, epochs_done: int) -> Plan:
    plan = Plan(Schedule(100, 1, 0.01, max_seconds=100.0))
    plan.advance()
    plan.seconds = 5.0
    plan.end_epoch(5.0)
    assert plan.epochs == 20
    for _ in range(epochs_done - 1):
        plan.advance()
    plan.seconds = seconds
    return plan


def test_a_plan_is_kept_when_the_machine_wavers() -> None:
    plan = after(seconds=55.0, epochs_done=10)
    assert plan.end_epoch(6.0) is None
    assert plan.epochs == 20


def test_a_plan_is_shortened_when_the_machine_breaks_down_and_still_ends_at_zero() -> None:
    plan = after(seconds=80.0, epochs_done=10)
    before = plan.learning_rate
    assert plan.end_epoch(8.0)
    assert plan.epochs == 12
    left = rates(plan)
    assert len(left) == 2
    assert left[0] == before  # no jump
    assert plan.progress == pytest.approx(1.0)


def test_a_spent_budget_ends_the_run() -> None:
    plan = Plan(Schedule(100, 1, 0.01, max_seconds=10.0))
    plan.advance()
    plan.seconds = 60.0
    plan.end_epoch(60.0)
    assert plan.finished
