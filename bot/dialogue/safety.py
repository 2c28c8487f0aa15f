"""Risk to life comes first: a policy that overrules forms, rules and everything else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa.core.constants import POLICY_PRIORITY
from rasa.core.policies.policy import Policy, PolicyPrediction, confidence_scores_for
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker

from bot.dialogue.context import (
    BACKS_OUT,
    BARRIER,
    CARE,
    HALF_YES,
    HOMELESS,
    OWNS_UP,
    PUT_RIGHT,
    RELAPSE,
    RELIEF,
    RINGING,
    TOLD_SOMEBODY,
    WITH_THEM,
    WONT_RING,
    WORK_AHEAD,
    after_hurting,
    answer_of,
    answers_route,
    answers_what_was_passed_over,
    aside_of,
    confirmed_route,
    crisis_kind,
    fear_of,
    forgets,
    is_corrected,
    is_low,
    is_of_another_harm,
    is_with_somebody,
    last_route,
    news_of,
    stays_with_danger,
    withdrawn_route,
)
from bot.dialogue.denials import denies_first
from bot.dialogue.help_intents import asks_for_help
from bot.dialogue.referral import REFERRAL
from bot.dialogue.replies import QUIET_TURNS
from bot.nlu.routes import (
    DONE_FIRST,
    HURT_BY_SOMEBODY,
    OTHER_ROUTES,
    OWN_ROUTES,
    is_no_danger,
    may_be_in_danger,
    told_now,
)
from bot.nlu.routes import SOMEONE_ELSE as SOMEONE

CRISIS, ROUTE, SOMEONE_ELSE, SAFE, PAUSE = (
    "action_crisis",
    "action_route",
    "action_someone_else",
    "action_safe_for_now",
    "action_pause_referral",
)
"""Actions that this policy predicts: they come before forms, rules and whatever else goes on."""

QUESTIONS = "ask_"
"""Questions are answered during a crisis too; the answer leads back to it."""

ABOUT_THE_CRISIS = (
    "ask_what_to_do",
    "ask_to_repeat",
    "ask_other_support",
    "ask_how_to_contact",
    "ask_about",
)
"""Questions that in a crisis ask about nothing else, or would begin a form."""

ANSWERS = ("safe_for_now", "will_call", "carry_on", "goodbye")
"""Intents that the crisis action answers even after the person has said they are safe."""

TELLS = ("share", "inform", "affirm", "worried_about_someone", "nlu_fallback")
"""Intents of going on, after which a harm that was told in the crisis is answered."""

BARE = ("deny", "unsure")

RELIEVED = (PUT_RIGHT, f"{SOMEONE}{RELIEF}")
"""What `routes_given` ends with after somebody's danger turned out to be none."""

SAID_BESIDE_THEM = (*TELLS, *BARE, "smalltalk", "thank", "not_now", "ask_what_to_do")
"""Intents that are met quietly in the minutes after somebody was reached."""

YES_AND_HALF = ("ambivalent", HALF_YES, OWNS_UP, RELAPSE)
"""Signs that answer the question about thoughts, whatever is asked in the same breath."""

ASKED_ON = ("asks_words", "asks_meanwhile")
"""Signs of what is asked about somebody who was, or is to be, reached."""


SURE = 0.6
"""Confidence from which a message in a crisis is taken for a question."""

FORGET = "delete_my_data"

LEAVING = (FORGET, "start_over", "open_conversation")
"""Intents that are carried out even during a crisis: nobody is held."""


def in_crisis(slots: Mapping[str, Any]) -> bool:
    """Whether a crisis conversation is running, so that nothing else may go on."""
    return slots.get("crisis") in ("asked", "staying", "eased")


def urgent_action(tracker: DialogueStateTracker) -> str | None:
    """Return the action that has to answer the latest message before all else, or None."""
    message = tracker.latest_message
    if message is None:
        return None
    parsed = {**(message.parse_data or {}), "intent": message.intent}
    slots = tracker.current_slot_values()
    action = answered_first(parsed, slots)
    if action is None and tracker.active_loop_name == REFERRAL and not slots.get("safety_asked"):
        return PAUSE if is_low(parsed) else None
    return action


def answered_first(parsed: Mapping[str, Any], slots: Mapping[str, Any]) -> str | None:
    """Return the action that answers a message before all else, in a conversation with `slots`."""
    if needs_crisis_action(parsed, slots):
        return CRISIS
    signs = parsed.get("signs") or ()
    intent = _intent(parsed)
    asked = slots.get("asked")
    answer = answer_of(intent, signs)
    if asked == "safe_now" and answer == "yes":
        return SAFE
    if asked == "safe_now" and slots.get("route_waiting") and intent in TELLS:
        return ROUTE
    others = news_of(parsed, slots) or any(h in OTHER_ROUTES for h in told_now(parsed, slots))
    if not others and (withdrawn_route(parsed, slots) or aside_of(parsed, slots)):
        return ROUTE
    settled = answers_route(parsed, slots)
    if asked == "safe_from_them" and settled == "yes":
        return ROUTE
    if asked == "route" and slots.get("route_asked") == HOMELESS and "sleeps_rough" in signs:
        return ROUTE
    if asked == "route" and (settled is not None or "done" in signs):
        return ROUTE
    if slots.get("route_asked") in DONE_FIRST and "done" in signs:
        return ROUTE
    confirmed = confirmed_route(parsed, slots)
    if confirmed:
        return SOMEONE_ELSE if confirmed in OTHER_ROUTES else ROUTE
    if news_of(parsed, slots):
        return SOMEONE_ELSE
    given = list(slots.get("routes_given") or ())
    told = told_now(parsed, slots)
    at_risk = parsed.get("risk") == "third_party" and not any(g in OTHER_ROUTES for g in given)
    at_risk = at_risk and not (is_no_danger(parsed) or may_be_in_danger(parsed, slots))
    relieved = bool(given) and given[-1] in RELIEVED
    by_phrases = (parsed.get("risk_sources") or {}).get("patterns") == "third_party"
    if last_route(slots) in HURT_BY_SOMEBODY and not by_phrases:
        at_risk = False  # what they fear from that person is not that person's danger
    of_another = is_of_another_harm(parsed, slots)
    at_risk = at_risk or (by_phrases and relieved)  # told anew, after it seemed to be nothing
    if not of_another and (at_risk or any(harm in OTHER_ROUTES for harm in told)):
        return SOMEONE_ELSE
    if any(harm in OWN_ROUTES for harm in told):
        return ROUTE
    if fear_of(parsed, slots):
        return ROUTE
    return SOMEONE_ELSE if stays_with_danger(parsed, slots) else None


def needs_crisis_action(parsed: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether the crisis action has to answer a message, in a conversation with `slots`."""
    intent = _intent(parsed)
    signs = parsed.get("signs") or ()
    if crisis_kind(parsed, slots) is not None or asks_for_help(intent, signs):
        return True
    if after_hurting(parsed, slots):
        return True
    if is_corrected(parsed, slots) or (slots.get("crisis_affirmed") and WONT_RING in signs):
        return True
    if answers_what_was_passed_over(parsed, slots) or denies_first(parsed, slots):
        return True
    if not in_crisis(slots):
        return False
    leaves = intent in LEAVING and "enough_said" not in signs  # "stop here" begins nothing over
    leaves = leaves and (intent != FORGET or forgets(parsed))
    if leaves and "change_subject" not in signs:
        return False
    if slots.get("crisis") == "eased":
        waits = bool(slots.get("route_waiting")) and intent in TELLS
        stays = slots.get("crisis_question") in CARE and intent in (*TELLS, *BARE)
        if stays and not any(harm in OWN_ROUTES for harm in told_now(parsed, slots)):
            return True
        question = slots.get("crisis_question")
        will_ring = question in ("can_ring", RINGING)
        holds_back = will_ring and any(
            sign in (WONT_RING, BACKS_OUT) or sign.startswith(BARRIER) for sign in signs
        )
        holds_back = holds_back or (
            question == RINGING and intent in BARE and _answered_last(slots)
        )
        told_somebody = "reached" in signs and _answered_last(slots)
        reaching = question in (RINGING, WITH_THEM, "can_ring") and _answered_last(slots)
        of_them = reaching and any(s in signs for s in (*TOLD_SOMEBODY, *ASKED_ON))
        quiet = is_with_somebody(parsed, slots) and intent in SAID_BESIDE_THEM
        if quiet and not any(harm in OWN_ROUTES for harm in told_now(parsed, slots)):
            return True
        of_work = WORK_AHEAD in signs and not told_now(parsed, slots)
        goes_on = waits or holds_back or told_somebody or of_them or of_work
        return intent in ANSWERS or "change_subject" in signs or goes_on
    sure = ((parsed.get("intent") or {}).get("confidence") or 0.0) >= SURE
    elsewhere = intent.startswith(QUESTIONS) and intent not in ABOUT_THE_CRISIS
    held = "change_subject" in signs or any(s.startswith(BARRIER) or s in ASKED_ON for s in signs)
    answers = slots.get("crisis") == "asked" and any(s in signs for s in YES_AND_HALF)
    return held or answers or not (elsewhere and sure)


def _answered_last(slots: Mapping[str, Any]) -> bool:
    """Whether the crisis action said the last turn: from there the unit is quiet for its turns."""
    quiet_until = int(slots.get("no_offer_before_turn") or 0)
    return int(slots.get("turn") or 0) + QUIET_TURNS == quiet_until


def _intent(parsed: Mapping[str, Any]) -> str:
    return str((parsed.get("intent") or {}).get("name") or "")


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=False
)
class SafetyPolicy(Policy):
    """Predicts the action that an urgent message needs, then listening; otherwise abstains.

    Its predictions count as "no user" predictions, the only kind that Rasa's ensemble lets
    overrule an active form.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The priority is above every policy of Rasa's."""
        return {POLICY_PRIORITY: 100}

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SafetyPolicy:
        """Make the policy; it has nothing stored."""
        return cls(config, model_storage, resource, execution_context)

    def train(
        self,
        training_trackers: list[TrackerWithCachedStates],
        domain: Domain,
        **kwargs: Any,
    ) -> Resource:
        """Do nothing: the policy is not learnt."""
        return self._resource

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """Predict the urgent action once for a message that needs one."""
        action = self._next_action(tracker)
        if action is None:
            return self._prediction(self._default_predictions(domain))
        return self._prediction(
            confidence_scores_for(action, 1.0, domain), is_no_user_prediction=True
        )

    @staticmethod
    def _next_action(tracker: DialogueStateTracker) -> str | None:
        last = tracker.get_last_event_for(ActionExecuted)
        if last is not None and last.action_name in (CRISIS, ROUTE, SOMEONE_ELSE, SAFE, PAUSE):
            return ACTION_LISTEN_NAME
        if tracker.latest_action_name == ACTION_LISTEN_NAME:
            return urgent_action(tracker)
        return None
