"""What rules, texts, words and numbers mean together, checked before anything runs."""

from __future__ import annotations

from collections.abc import Iterator

from rules.deciding.proposal import currency_of, facts_of
from rules.defaults import Defaults
from rules.durations import in_words, parse_duration
from rules.expression import Expression
from rules.fact_types import FactType
from rules.facts import known_facts
from rules.facts.fact import MOMENT
from rules.language import BadExpression, compile_expression
from rules.messages.writing import facts_asked
from rules.problems import Problem, nearest
from rules.reading.checking_texts import TextChecker
from rules.reading.yaml_source import Document, Path, significant
from rules.rule import ActionPlan, Rule, rule_hash
from rules.schema import ActionTerms, RuleFile, RuleTerms
from rules.templates.formats import FORMATS
from rules.templates.wording import BadWording, Slot, Wording, read_wording
from schemas.times import Millis
from schemas.triggers import TRIGGERS

RULE_TRIGGERS = TRIGGERS - {"released", "erasure.requested"}
"""What can trigger a rule: not a release, which decides anew what was proposed, nor the wish to be forgotten."""
_NOT_YET = ("holdout", "budget")
_PLAIN = (FactType.STRING, FactType.INT, FactType.DOUBLE, FactType.BOOL)


class Checker:
    """Checks the shapes of all files together; what is wrong goes to ``problems``."""

    def __init__(
        self,
        defaults: Defaults,
        shapes: list[tuple[Document, RuleFile]],
        problems: list[Problem],
        events: frozenset[str] = frozenset(),
    ) -> None:
        """A checker of these files.

        Args:
            defaults: the numbers of the store.
            shapes: the files, each with its shape.
            problems: where to tell what is wrong.
            events: names of the store's own events, which trigger rules as well.
        """
        self._defaults = defaults
        self._shapes = shapes
        self._problems = problems
        self._triggers = RULE_TRIGGERS | events
        self._texts = TextChecker(defaults, shapes, problems)

    @property
    def words(self) -> dict[str, dict[str, str]]:
        """All words of all files."""
        return self._texts.words

    def rules(self) -> tuple[Rule, ...]:
        """The rules that are in order, the highest priority first."""
        seen: dict[int, str] = {}
        rules: list[Rule] = []
        for document, shape in self._shapes:
            for number, terms in enumerate(shape.rules):
                path: Path = ("rules", number)
                known = seen.setdefault(rule_hash(terms.id), f"{document.file} has rule {terms.id!r}")
                if known != f"{document.file} has rule {terms.id!r}" or any(r.id == terms.id for r in rules):
                    self._say(document, (*path, "id"), f"{known} already", "give each rule a name of its own")
                rule = self._rule(document, path, terms)
                if rule:
                    rules.append(rule)
        return tuple(sorted(rules, key=lambda rule: (-rule.terms.priority, rule.id)))

    def _rule(self, document: Document, path: Path, terms: RuleTerms) -> Rule | None:
        before = len(self._problems)
        self._names(document, path, terms)
        when = self._expression(document, (*path, "when"), terms.when, FactType.BOOL)
        occasion = self._wording(document, (*path, "occasion"), terms.occasion)
        reason = self._wording(document, (*path, "reason"), terms.reason)
        plans = [
            self._plan(document, (*path, "actions", index), index, terms.actions[index])
            for index in range(len(terms.actions))
        ]
        if occasion and not occasion.slots and terms.cooldown != "once":
            fix = "add cooldown: once, or a slot such as {order.id} or {now.year}"
            self._say(document, (*path, "occasion"), "this occasion is the same for ever", fix)
        self._spans(document, path, terms)
        if len(self._problems) > before or not (when and occasion and reason):
            return None
        done = tuple(plan for plan in plans if plan)
        used = {*when.uses, *facts_of(occasion), *facts_of(reason), *(fact for plan in done for fact in _used(plan))}
        uses = tuple(fact for fact in known_facts() if fact in used)
        return Rule(terms, document.file, when, occasion, reason, done, uses, rule_hash(terms.id))

    def _names(self, document: Document, path: Path, terms: RuleTerms) -> None:
        for index, trigger in enumerate(terms.on):
            if trigger in TRIGGERS - RULE_TRIGGERS:
                self._say(document, (*path, "on", index), f"{trigger!r} wakes no rule", "docs/rules.md lists what does")
            elif trigger not in self._triggers:
                fix = nearest(trigger, self._triggers) or "docs/rules.md lists all triggers"
                self._say(document, (*path, "on", index), f"there is no trigger {trigger!r}", fix)
        groups = [group.name for group in self._defaults.groups]
        if terms.group and terms.group not in groups:
            fix = (
                nearest(terms.group, groups) or f"add it to groups in the defaults, or take one of {', '.join(groups)}"
            )
            self._say(document, (*path, "group"), f"there is no group {terms.group!r}", fix)
        for field in _NOT_YET:
            if getattr(terms, field) is not None:
                fix = f"remove {field}; until it works, a rule that counts on it would do what nobody wants"
                self._problems.append(document.problem((*path, field), f"{field} is not yet supported", fix, key=True))

    def _spans(self, document: Document, path: Path, terms: RuleTerms) -> None:
        if terms.spread >= terms.expiry:
            message = f"spread over {in_words(terms.spread)}, but of use for {in_words(terms.expiry)}"
            self._say(document, (*path, "spread"), message, "make spread shorter than expiry")
        for index, action in enumerate(terms.actions):
            if action.coupon and action.coupon.valid < terms.expiry:
                message = "the coupon may lapse before the message is sent"
                place: Path = (*path, "actions", index, "coupon", "valid")
                self._say(document, place, message, f"make it valid for expiry ({in_words(terms.expiry)}) or longer")

    def _plan(self, document: Document, path: Path, index: int, terms: ActionTerms) -> ActionPlan | None:
        values = {}
        for name, value in terms.values.items():
            compiled = self._expression(document, (*path, "values", name), value, *_PLAIN)
            if compiled:
                values[name] = compiled
        text = self._texts.text(document, path, terms, values) if len(values) == len(terms.values) else None
        queue = self._wording(document, (*path, "queue"), terms.queue) if terms.queue else None
        urgency = self._urgency(document, (*path, "urgency"), terms.urgency) if terms.urgency else None
        due = self._due(document, (*path, "due"), terms.due) if terms.due else None
        return ActionPlan(index, terms, text, values, queue, urgency, due) if text else None

    def _expression(self, document: Document, path: Path, text: str, *kinds: FactType) -> Expression | None:
        try:
            return compile_expression(text, *kinds)
        except BadExpression as bad:
            offset = None if bad.length == 0 and (bad.line, bad.column) == (1, 1) else _offset(text, bad)
            self._problems.append(document.problem(path, bad.message, bad.fix, offset=offset, length=bad.length))
            return None

    def _wording(self, document: Document, path: Path, text: str) -> Wording | None:
        """A text whose slots are facts, for the store's own use: ids, queues, reasons."""
        try:
            wording = read_wording(text)
        except BadWording as bad:
            offset = significant(text, bad.at)
            self._problems.append(document.problem(path, bad.message, bad.fix, offset=offset, length=bad.length))
            return None
        for slot in wording.slots:
            said = _wrong_slot(slot)
            if said:
                self._say_at(document, path, wording, slot, *said)
        return wording

    def _urgency(self, document: Document, path: Path, text: str) -> Wording | None:
        wording = self._wording(document, path, text)
        if wording and not wording.slots and text not in ("low", "normal", "high", "critical"):
            self._say(document, path, f"there is no urgency {text!r}", "take low, normal, high or critical")
        return wording

    def _due(self, document: Document, path: Path, text: str) -> Wording | Millis | None:
        if "{" not in text:
            try:
                return parse_duration(text)
            except ValueError as error:
                self._say(document, path, f"due: {error}, not {text!r}", "or a slot for a moment: {complaint.deadline}")
                return None
        wording = self._wording(document, path, text)
        for slot in wording.slots if wording else ():
            fact = known_facts().get(slot.name)
            if len(wording.parts if wording else ()) > 1 or (fact and fact.unit != MOMENT):
                self._say(
                    document, path, f"{text!r} is no moment", "take one fact that is a moment: {complaint.deadline}"
                )
        return wording

    def _say(self, document: Document, path: Path, message: str, fix: str) -> None:
        self._problems.append(document.problem(path, message, fix))

    def _say_at(self, document: Document, path: Path, wording: Wording, slot: Slot, message: str, fix: str) -> None:
        offset, length = significant(wording.text, slot.at), slot.length
        self._problems.append(document.problem(path, message, fix, offset=offset, length=length))


def _offset(text: str, bad: BadExpression) -> int:
    """Characters other than white space before the culprit."""
    rows = text.splitlines()
    before = sum(significant(row, len(row)) for row in rows[: bad.line - 1])
    return before + significant(rows[min(bad.line, len(rows)) - 1], bad.column - 1)


def _wrong_slot(slot: Slot) -> tuple[str, str] | None:
    fact = known_facts().get(slot.name)
    if not fact:
        return f"there is no fact {slot.name!r}", nearest(
            slot.name, known_facts()
        ) or "`tend rules facts` lists all facts"
    if fact.personal:
        return f"{slot.name} is personal and would stand in the ledger", "say it without"
    if fact.optional:
        return f"{slot.name} is not known of everybody", "say it without"
    kinds = FORMATS[slot.format or "text"].kinds
    if (
        fact.kind not in kinds
        or slot.format == "word"
        or (slot.format == "money" and currency_of(slot.name) not in known_facts())
    ):
        return f"{slot.name} cannot be shown here as {slot.format or 'text'}", "take another fact or format"
    return None


def _used(plan: ActionPlan) -> Iterator[str]:
    for value in plan.values.values():
        yield from value.uses
    yield from facts_asked(plan.text)
    for wording in (plan.queue, plan.urgency, plan.due):
        yield from facts_of(wording) if isinstance(wording, Wording) else ()
