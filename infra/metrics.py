"""All metrics of tend in one list: Prometheus' objects, the dashboard and ``docs/metrics.md`` are made of it."""

from __future__ import annotations

from typing import Literal

import msgspec

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_SLOW = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 3_600.0)
_SIZES = (1.0, 5.0, 10.0, 25.0, 50.0, 100.0, 200.0, 300.0, 400.0, 500.0)
_BYTES = (128.0, 256.0, 512.0, 768.0, 1_024.0, 1_536.0, 2_048.0, 3_072.0, 4_096.0)


class Metric(msgspec.Struct, frozen=True):
    """One metric: what it counts, and what to do about it."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    unit: str
    labels: tuple[str, ...]
    help: str
    act: str
    """What a person who sees an unusual value can do."""
    buckets: tuple[float, ...] = ()


EVENTS = Metric(
    "tend_events_total",
    "counter",
    "events",
    ("topic", "type"),
    "Events applied to a customer's record.",
    "Falls to nothing while the storefront is busy: look at tend_lane_state and tend_lag_records.",
)
DUPLICATES = Metric(
    "tend_duplicates_total",
    "counter",
    "events",
    ("topic",),
    "Events that had been applied before and changed nothing.",
    "A steady share is normal after a producer's retry; a jump means somebody sends a history again.",
)
LATE = Metric(
    "tend_late_total",
    "counter",
    "events",
    ("topic",),
    "Events older than the latest that was heard of their customer; applied at their own time.",
    "A rise means a producer lags behind the others.",
)
SOURCE_EVENTS = Metric(
    "tend_source_events_total",
    "counter",
    "records",
    ("source",),
    "Records that came in, by the source that they name; beyond 30 sources the rest are counted together.",
    "A source falls to nothing while the others go on: its system, its key or its webhook has stopped.",
)
SOURCE_FAULTS = Metric(
    "tend_source_faults_total",
    "counter",
    "records",
    ("source", "fault"),
    "Of these, records out of contract, misplaced, late by more than a day, and those with a warning, such as "
    "duplicate, field_left_out or unknown_zone.",
    "tend quality names the fields; docs/outcomes.md says what each warning means.",
)
UNKNOWN_RECEIPTS = Metric(
    "tend_unknown_receipts_total",
    "counter",
    "receipts",
    (),
    "Receipts for actions that the record does not know (any more).",
    "Some are normal for old actions; many mean a sender uses ids that are not ours.",
)
NOTES = Metric(
    "tend_notes_total",
    "counter",
    "times",
    ("note",),
    "Named outcomes beside decisions: caps reached, events too old to apply, unknown subjects.",
    "docs/outcomes.md says what each note means.",
)
FORWARDED = Metric(
    "tend_forwarded_total",
    "counter",
    "records",
    ("topic",),
    "Records found on the wrong partition and sent on to the right one.",
    "Make the producer partition by murmur2 of the customer id, as Kafka's Java client does.",
)
DEAD_LETTERS = Metric(
    "tend_dead_letters_total",
    "counter",
    "records",
    ("reason",),
    "Records laid aside because they are invalid.",
    "Run tend dead-letters list; when the cause is put right, tend dead-letters redrive.",
)
ACTIONS = Metric(
    "tend_actions_total",
    "counter",
    "actions",
    ("kind", "rule"),
    "Care actions decided.",
    "A jump after a new rulebook: look at its dry run.",
)
SUPPRESSED = Metric(
    "tend_suppressed_total",
    "counter",
    "proposals",
    ("reason",),
    "What rules proposed and limits did not let pass, by reason; not those that were not due again yet.",
    "tend why names the rule, the limit and the facts for one customer.",
)
NOT_DUE = Metric(
    "tend_not_due_total",
    "counter",
    "proposals",
    ("rule",),
    "What rules proposed before their own cooldown was over: nothing was kept from anybody.",
    "Very many of one rule: give it a condition that is true less often, it costs time for nothing.",
)
HELD = Metric(
    "tend_held_total",
    "counter",
    "proposals",
    ("reason",),
    "What limits held back, to be decided again later.",
    "Held and never released: look at tend_timer_lateness_seconds.",
)
TIMERS = Metric(
    "tend_timers_total",
    "counter",
    "timers",
    (),
    "Timers of customers looked at.",
    "None at all for an hour: lanes do not tick; look at tend_lane_state.",
)
TIMER_LATENESS = Metric(
    "tend_timer_lateness_seconds",
    "histogram",
    "seconds",
    (),
    "From the moment a timer was due to the moment it was looked at.",
    "Minutes: a backlog is being caught up (tend_lag_records), or very many fall due at once: spread the campaign.",
    _SLOW,
)
LATENCY = Metric(
    "tend_event_to_action_seconds",
    "histogram",
    "seconds",
    (),
    "From an event's own time to the commit of the action that it caused.",
    "Seconds without a backlog: see which stage of tend_stage_seconds grew, or which source sends its events late.",
    _SLOW,
)
STAGE = Metric(
    "tend_stage_seconds",
    "histogram",
    "seconds",
    ("stage",),
    "How long one batch takes in each stage: fetch, load, decide, commit, publish.",
    "load or commit grow: Redis or its disk; publish grows: Kafka; decide grows: batches, or a costly new rule.",
    _FAST,
)
BATCH = Metric(
    "tend_batch_events",
    "histogram",
    "events",
    (),
    "Events and timers in one commit.",
    "Always at its limit: the worker is saturated; add one.",
    _SIZES,
)
RECORD_BYTES = Metric(
    "tend_record_bytes",
    "histogram",
    "bytes",
    (),
    "Size of customer records when written; never above 4,096.",
    "A mean above 1,024: look at one with tend customer --json.",
    _BYTES,
)
LAG = Metric(
    "tend_lag_records",
    "gauge",
    "records",
    ("topic", "partition"),
    "Records in Kafka that the lane has not handled yet.",
    "Grows for minutes: add a worker, up to one for each partition.",
)
LANE_STATE = Metric(
    "tend_lane_state",
    "gauge",
    "0 or 1",
    ("partition", "state"),
    "1 for the state a lane is in: running, waiting, parked or ended.",
    "waiting: /readyz says for what. parked: the log says why; put it right and restart the worker.",
)
LANE_TIME = Metric(
    "tend_lane_time_seconds",
    "gauge",
    "seconds since 1970",
    ("partition",),
    "The event time that a lane has reached: everything before it is handled.",
    "Behind the clock while there is no lag: the lane waits; see tend_lane_state.",
)
OUTBOX = Metric(
    "tend_outbox_entries",
    "gauge",
    "messages",
    ("partition",),
    "Messages decided and not yet published.",
    "At its limit the lane pauses: Kafka does not take messages.",
)
FENCED = Metric(
    "tend_fenced_total",
    "counter",
    "times",
    (),
    "Lanes that found another owner and began again from the store.",
    "A few at each rebalance; a steady flow means two workers hold one partition: restart one.",
)
AWAY = Metric(
    "tend_dependency_away_total",
    "counter",
    "times",
    ("dependency",),
    "Calls that found Redis or Kafka away and were tried again.",
    "Nothing is lost while they are away; bring them back.",
)
ALMANAC_EPOCH = Metric(
    "tend_almanac_epoch",
    "gauge",
    "epoch",
    ("partition",),
    "The epoch whose almanac the lane decides with; -2 before the first.",
    "Does not move for two epochs: the learner is away, or a lane does not reach the end of its epoch.",
)
LEARNER_ACTIVE = Metric(
    "tend_learner_active",
    "gauge",
    "0 or 1",
    (),
    "1 on the learner that has the lessons.",
    "The sum over all learners must be 1.",
)
LEARNER_EPOCH = Metric(
    "tend_learner_epoch",
    "gauge",
    "epoch",
    (),
    "The last epoch whose almanac was published.",
    "Behind the lanes' epochs: the learner's /readyz names the partition it waits for.",
)
REFUSED = Metric(
    "tend_internal_refused_total",
    "counter",
    "records",
    ("topic",),
    "Records of an internal topic (rulebooks, almanacs, lessons, positions, watermarks) that are not used: not signed "
    "with our key, or not readable.",
    "Any at all: the log names the offset. Find out who may write to that topic, and whether two versions or two keys "
    "are at work.",
)
LESSONS = Metric(
    "tend_lessons_total",
    "counter",
    "lessons",
    (),
    "Matured outcomes that the churn model learned from.",
    "None for days in a busy store: no prediction matures; look at the horizons.",
)
LOG_LOSS = Metric(
    "tend_model_log_loss",
    "gauge",
    "nats",
    ("horizon",),
    "Rolling log loss of churn predictions against what really happened.",
    "Rises for weeks: customers changed; the drift metric lowers automation by itself.",
)
AUC = Metric(
    "tend_model_auc",
    "gauge",
    "0 to 1",
    ("horizon",),
    "Rolling area under the ROC curve of churn predictions.",
    "Near 0.5: the model does not tell customers apart; too few lessons, or a signal went missing.",
)
CALIBRATION = Metric(
    "tend_model_calibration_error",
    "gauge",
    "0 to 1",
    ("horizon",),
    "Mean distance between predicted probability and observed share.",
    "Above 0.05: do not act on the probability itself, only on its order.",
)
DRIFT = Metric(
    "tend_model_drift",
    "gauge",
    "0 or 1",
    ("horizon",),
    "1 while the model's loss has risen more than chance explains.",
    "Rules that require churn.trusted pause by themselves; nothing to do unless it lasts.",
)

GATEWAY_EVENTS = Metric(
    "tend_gateway_events_total",
    "counter",
    "events",
    ("door", "outcome"),
    "What came in at the gateway by HTTP: taken (safe in Kafka), left_out (understood, nothing to record) or refused.",
    "Taken falls to nothing while the shop is busy: its webhook is switched off, or its key or secret was changed.",
)
GATEWAY_LEFT_OUT = Metric(
    "tend_gateway_left_out_total",
    "counter",
    "messages",
    ("door", "reason"),
    "Messages at the gateway that were not recorded, and why.",
    "A state or topic without a meaning here: docs/connectors.md says how to give it one. A wrong signature: compare "
    "the secrets. A wrong field: the log names it.",
)

LINKS_FOLLOWED = Metric(
    "tend_links_total",
    "counter",
    "times",
    ("done", "visitor"),
    "Links of messages that were clicked and messages that were opened, by persons and by machines; only what persons "
    "do is recorded.",
    "Far more machines than persons is usual: filters look at each link. Persons at nothing: look at the links.",
)
BOUNCES = Metric(
    "tend_bounces_total",
    "counter",
    "mails",
    ("reason", "permanent"),
    "Mails that came back, by reason.",
    "refused_as_spam is a matter of reputation, not of addresses: send less, check SPF, DKIM and the list.",
)

METRICS: tuple[Metric, ...] = tuple(value for value in globals().values() if isinstance(value, Metric))
"""All of them, in the order above."""


def metrics_table() -> str:
    """All metrics as a Markdown table: name, kind, labels, unit, what it tells, what to do about it."""
    rows = ["| metric | kind | labels | unit | tells | what to do |", "|---|---|---|---|---|---|"]
    for metric in METRICS:
        labels = ", ".join(f"`{label}`" for label in metric.labels) or "none"
        rows.append(f"| `{metric.name}` | {metric.kind} | {labels} | {metric.unit} | {metric.help} | {metric.act} |")
    return "\n".join(rows) + "\n"
