"""Where the project keeps its data files."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NLU_DATA = ROOT / "nlu_data"
MESSAGES = NLU_DATA / "messages"
DEVELOPMENT = NLU_DATA / "development"
HARMS = NLU_DATA / "harms"
PATTERNS = NLU_DATA / "patterns"
TAXONOMY = NLU_DATA / "taxonomy.yml"
DOMAIN = ROOT / "domain"
STORIES = ROOT / "stories"
DEANERIES = ROOT / "deanery"
RECOGNISER = NLU_DATA / "recogniser"
MODELS = ROOT / "models"
