"""The indexed rules decide what Rasa's own rules decide."""

import json

import pytest
from rasa.core.policies.rule_policy import (
    RULES,
    RULES_FOR_LOOP_UNHAPPY_PATH,
    RulePolicy,
)
from rasa.shared.core.generator import TrainingDataGenerator

from bot.dialogue.rules import IndexedRules
from bot.dialogue.tracker import STATES
from bot.importer import SidedoorImporter


@pytest.fixture(scope="module")
def rules(agent):
    """Return the trained policy."""
    found = [c for c in agent.processor.graph_runner.components if isinstance(c, RulePolicy)]
    assert len(found) == 1
    assert isinstance(found[0], IndexedRules)
    return found[0]


def test_no_rule_is_dropped_in_silence():
    """Rasa drops a rule that ends in `or`, without a word."""
    importer = SidedoorImporter()
    graph, domain = importer.get_stories(), importer.get_domain()
    generator = TrainingDataGenerator(
        graph, domain, use_story_concatenation=False, augmentation_factor=0
    )
    names = " ".join(str(tracker.sender_id) for tracker in generator.generate())
    assert [step.block_name for step in graph.story_steps if step.block_name not in names] == []


def test_no_rule_looks_back_further_than_a_tracker_does(rules):
    for name in (RULES, RULES_FOR_LOOP_UNHAPPY_PATH):
        assert max(len(json.loads(key)) for key in rules.lookup[name]) < STATES


def test_every_prediction_of_a_walk_is_that_of_rasas_rules(rules, agent, person, monkeypatch):
    seen = []
    indexed = IndexedRules._predict

    def both(policy, tracker, domain):
        prediction = indexed(policy, tracker, domain)
        with monkeypatch.context() as plain:
            plain.setattr(IndexedRules, "_get_possible_keys", RulePolicy._get_possible_keys)
            plain.setattr(
                IndexedRules, "_find_action_from_rules", RulePolicy._find_action_from_rules
            )
            wanted = RulePolicy._predict(policy, tracker, domain)
        seen.append(prediction[0].max_confidence_index)
        assert prediction[0].probabilities == wanted[0].probabilities
        assert prediction[0].events == wanted[0].events
        assert prediction[0].is_no_user_prediction == wanted[0].is_no_user_prediction
        assert prediction[1] == wanted[1]
        return prediction

    monkeypatch.setattr(IndexedRules, "_predict", both)
    person.open()
    for text in (
        "my rota is full of holes",
        "i cant sleep after nights",
        "who would be told",
        "wales",
        "yes please",
        "help me write a message",
        "what is a psu",
        "the rota mostly",
        "skip",
        "email me",
        "not now",
        "asdf qwer",
        "thanks, bye",
    ):
        person.say(text)
    assert len(set(seen)) > 5
