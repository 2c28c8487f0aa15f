"""What a running assistant leaves unloaded: TensorFlow, and the plan of training."""

import subprocess
import sys
from pathlib import Path

import pytest
from rasa.shared.core.domain import Domain

from bot.agent import newest_model
from bot.model_storage import ServedModel, TrainedDomain
from bot.paths import ROOT


def run(program: str) -> list[str]:
    """Run a program in a process of its own and return the words that it printed."""
    command = [sys.executable, "-c", "from bot.environment import prepare; prepare()\n" + program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_somebody_is_answered_without_tensorflow():
    words = run(
        """
import asyncio, sys
from bot.agent import load_our_agent
from bot.privacy.logs import configure_logs
configure_logs("ERROR")
agent = asyncio.run(load_our_agent())
said = asyncio.run(agent.handle_text("I am tired", sender_id="x"))
print(len(said) > 0, sys.modules["tensorflow"], "keras" in sys.modules)
"""
    )
    assert words[-3:] == ["True", "None", "False"]


def test_training_gets_tensorflow():
    words = run(
        """
import sys
import rasa.utils.train_utils as late
from bot.without_tensorflow import bring_back
print("keras" in sys.modules)
bring_back()
print(callable(late.create_data_generators), sys.modules["tensorflow"].__name__)
"""
    )
    assert words[-3:] == ["False", "True", "tensorflow"]


def test_asking_for_tensorflow_where_it_is_left_out_says_so():
    words = run(
        """
import rasa.utils.train_utils as late
try:
    late.create_data_generators
except ImportError as error:
    print("tensorflow" in str(error))
"""
    )
    assert words[-1:] == ["True"]


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> tuple[ServedModel, Path]:
    folder = tmp_path_factory.mktemp("model")
    storage, _ = ServedModel.from_model_archive(folder, newest_model())
    return storage, folder


def test_the_domain_held_is_the_domain_trained(served):
    storage, folder = served
    trained = Domain.from_path(folder / "domain_provider")
    assert storage.domain.as_dict() == trained.as_dict()
    assert storage.domain.fingerprint() == trained.fingerprint()


def test_the_agent_answers_from_the_domain_held(agent):
    (provider,) = [
        c for c in agent.processor.graph_runner.components if isinstance(c, TrainedDomain)
    ]
    assert provider.provide_inference() is agent.domain
