"""Rasa's rules, looked up by what they begin to be compared with."""

from __future__ import annotations

from typing import Any

from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import ACTION_LISTEN_NAME, PREVIOUS_ACTION, USER
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ACTION_NAME, INTENT, TEXT

Index = dict[tuple[Any, Any], list[str]]

Found = tuple[str | None, str | None, bool]


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class IndexedRules(RulePolicy):
    """Rasa's RulePolicy, which compares a state with the rules that end in its action and intent.

    Rasa compares every rule with every state. And it looks for rules about the very words of a
    message first: ours are all about intents, so that is left out where there are none.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the rules; the indexes are made when they are first needed."""
        super().__init__(*args, **kwargs)
        self._indexes: dict[int, Index] = {}
        self._about_words: bool | None = None

    def _find_action_from_rules(
        self, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool
    ) -> Found:
        if use_text_for_last_user_input and not self._has_rules_about_words():
            return None, None, False
        return super()._find_action_from_rules(tracker, domain, use_text_for_last_user_input)

    def _has_rules_about_words(self) -> bool:
        if self._about_words is None:
            rules = (
                key for lookup in self.lookup.values() if isinstance(lookup, dict) for key in lookup
            )
            self._about_words = any(
                TEXT in state.get(USER, {})
                for key in rules
                for state in self._rule_key_to_state(key)
            )
        return self._about_words

    def _get_possible_keys(self, lookup: dict[str, str], states: list[State]) -> set[str]:
        if not states or id(lookup) not in map(id, self.lookup.values()):
            return super()._get_possible_keys(lookup, states)
        index = self._index(lookup)
        action, intent = _ending(states[-1])
        keys = {key for pair in ((action, intent), (action, None)) for key in index.get(pair, ())}
        return super()._get_possible_keys({key: lookup[key] for key in keys}, states)

    def _index(self, lookup: dict[str, str]) -> Index:
        """Return the keys of `lookup` by the action and the intent of their last state."""
        if id(lookup) not in self._indexes:
            index: Index = {}
            for key in lookup:
                index.setdefault(_ending(self._rule_key_to_state(key)[-1]), []).append(key)
            self._indexes[id(lookup)] = index
        return self._indexes[id(lookup)]


def _ending(state: State) -> tuple[Any, Any]:
    """Return the previous action, None at a conversation's start; after listening, the intent."""
    action = (state.get(PREVIOUS_ACTION) or {}).get(ACTION_NAME)
    return action, (state.get(USER) or {}).get(INTENT) if action == ACTION_LISTEN_NAME else None
