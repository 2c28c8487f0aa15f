"""A form's question answered in words: the choice it names, whatever else it sounds like."""

from __future__ import annotations

from typing import Any

from rasa.core.constants import POLICY_PRIORITY
from rasa.core.policies.policy import Policy, PolicyPrediction, confidence_scores_for
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.constants import ACTION_LISTEN_NAME, REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker

from bot.nlu.choices import CHANGED
from bot.nlu.extractors import TYPED

MESSAGE = "message_form"
"""The form that makes the message to copy."""

LONGEST = 8
"""Words of a message that may answer a form's question; more, where its first clause does."""


def answered_form(tracker: DialogueStateTracker) -> str | None:
    """Return the running form whose question the latest message answers in words, if any.

    "Email me" has the intent of asking for a contact, and "the rota mostly" that of telling
    something; inside the form that asked, they are answers. A question stays a question.
    """
    message, form = tracker.latest_message, tracker.active_loop_name
    if message is None or form is None or not message.text:
        return None
    if message.text.rstrip().endswith("?"):
        return None
    asked = tracker.get_slot(REQUESTED_SLOT)
    short = len(message.text.split()) <= LONGEST
    chosen = [
        e for e in message.entities if e.get("entity") == asked or _puts_right(e, form, tracker)
    ]
    return form if any(short or e.get("extractor") == TYPED for e in chosen) else None


def _puts_right(entity: dict[str, Any], form: str, tracker: DialogueStateTracker) -> bool:
    """Whether an entity names another choice for what was answered earlier in the message's form.

    "Change that to health" is an answer to the question before.
    """
    answered = form == MESSAGE and tracker.get_slot(str(entity.get("entity"))) is not None
    return entity.get("role") == CHANGED and answered


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=False
)
class FormAnswerPolicy(Policy):
    """Goes on with a form when its question was answered in words; otherwise abstains."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The priority is above Rasa's rules, which go by intent, and below safety."""
        return {POLICY_PRIORITY: 50}

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> FormAnswerPolicy:
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
        """Predict the form that was answered, once, right after the answer."""
        form = answered_form(tracker) if tracker.latest_action_name == ACTION_LISTEN_NAME else None
        if form is None:
            return self._prediction(self._default_predictions(domain))
        return self._prediction(confidence_scores_for(form, 1.0, domain))
