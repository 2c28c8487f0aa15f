"""The model card: what a run found, as Markdown. Its prose holds whatever the numbers are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.nlu.taxonomy import FACETS, labels, risk_order
from evaluation import card_results as results
from evaluation.headline import AIMS, TOLERANCES
from evaluation.known import Known
from evaluation.run import NEAR, Run
from evaluation.tables import number, table


@dataclass(frozen=True)
class Made:
    """How a card was made.

    Attributes:
        inputs: fingerprint of what recognition depends on.
        current: whether the model was trained from the inputs as they are.
        sets: hash of what was evaluated on.
        date: as given by whoever ran it; may be empty.
        real: whether real speech was given.
    """

    inputs: str
    current: bool
    sets: str
    date: str
    real: bool


def card(run: Run, made: Made) -> str:
    """Return the whole card."""
    sections: Iterable[tuple[str, Callable[[], list[str]]]] = (
        ("Intended use", lambda: [USE]),
        ("How it works", lambda: [WORKS]),
        ("Headline figures", lambda: _headline(run)),
        ("Data", lambda: _data(run)),
        ("Stage, pattern and concern", lambda: results.signals(run)),
        ("Intents", lambda: results.intents(run)),
        ("Risk to life", lambda: results.risk(run)),
        ("Other harms", lambda: results.harms(run)),
        ("Typos and lost capitals", lambda: results.noise(run)),
        ("Calibration", lambda: results.calibration(run)),
        ("Learning curve", lambda: results.curve(run)),
        ("The encoder before and after adaptation", lambda: results.encoders(run)),
        ("Real speech", lambda: results.real(run)),
        ("Known failures", lambda: _known(run.known)),
    )
    lines = _head(made)
    for title, section in sections:
        lines += [f"## {title}", "", *section()]
    return "\n".join(lines).rstrip() + "\n"


def _head(made: Made) -> list[str]:
    command = "make evaluate"
    if made.real:
        command += " REAL=FOLDER"
    if made.date:
        command += f" DATE={made.date}"
    lines = [
        "# Model card: what Sidedoor recognises",
        "",
        f"Written by `{command}`, never by hand: every number, and every answer under “Known",
        "failures”, comes from that run. Change the data or the code, not this page.",
        "",
        *table(
            ["", ""],
            [
                ["Fingerprint of what recognition depends on", f"`{made.inputs}`"],
                ["Evaluation sets, fingerprint", f"`{made.sets}`"],
                ["Date given to the run", made.date or "none"],
            ],
            words=2,
        ),
    ]
    if not made.current:
        lines += [
            "**The model measured here was trained from other inputs than those that now lie",
            "beside this page. Run `make evaluate` again.**",
            "",
        ]
    return lines


USE = """\
For the dialogue of this assistant: to choose what it says next to a doctor in training who
writes to it of their own accord, in English, about their work, their health or the Professional
Support Unit (PSU); and to stop everything else and show who can help when a message speaks of
danger to life.

It is **not for**:

* diagnosis, triage, or any estimate of how ill or how much at risk somebody is. A message
  without a finding is not a message without risk;
* monitoring doctors, or deciding anything about a person: fitness to practise, progression,
  employment. It reads one message at a time and knows nothing about who wrote it;
* other people's texts (notes, references, e-mails, reflections in a portfolio), other professions
  or countries, or languages other than English;
* research on what doctors feel, without a reader who checks its labels.
"""

WORKS = """\
Every message passes through the same steps, on the machine where the assistant runs:

1. **Tidying and language.** Invisible characters go; a word that nobody knows is read as the
   common word that is one slip of the fingers away, if there is one; spaCy splits the text into
   words and sentences, finds grades, specialties, exams and deaneries from curated lists, and
   marks which words are denied, about somebody else, or only supposed.
2. **Meaning as numbers.** A small published language model (all-MiniLM-L6-v2) turns the message
   into 384 numbers, such that messages of like meaning get like numbers. A thin adapter, trained
   on the project's examples, makes it heed what matters here. A long message is also read in parts.
3. **Intent.** One linear classifier chooses what the message does (tells, asks, greets, ...). If
   it is not sure enough, the assistant says that it did not understand.
4. **Stage, pattern, concern.** One linear yes-or-no classifier for each label; several may hold,
   or none. Each has its own threshold, found on examples held out from training, and its score is
   turned into a probability there too.
5. **Risk.** Two detectors that cannot overrule each other: curated phrases, excused by denial,
   by other people and by idioms where each phrase says so, and by a past told as over with safety
   stated; and a linear classifier over these numbers and the words. The more urgent of what they
   say counts, because a miss costs more than a false alarm.

How messages are labelled is in [labelling.md](labelling.md); the labels' definitions are in
`nlu_data/taxonomy.yml`.
"""


def _headline(run: Run) -> list[str]:
    def row(name: str, value: float) -> list[str]:
        aim = AIMS.get(name)
        reached = "" if aim is None else ("yes" if value >= aim else "no")
        return [
            name.replace("_", " "),
            f"{value:.3f}",
            "" if aim is None else number(aim),
            reached,
            f"{TOLERANCES[name]:g}",
        ]

    return [
        "More is better in every row. F1 is the harmonic mean of precision (how many findings are",
        "right) and recall (how many of those that are there are found), averaged over the labels",
        "that occur at least nine times. “Quiet” is the share of messages without own risk for",
        "which none is said. The aim is what the project set out to reach; the tests fail when a",
        "figure falls by more than its tolerance below the best that was accepted.",
        "",
        *table(
            ["figure", "measured", "aim", "reached", "tolerance"],
            [row(name, value) for name, value in run.headline.items()],
        ),
    ]


def _data(run: Run) -> list[str]:
    taught = run.taught
    lines = [
        "**Training.** The examples in `nlu_data/messages/` were written for this project, one by",
        "one, labelled by the guide in [labelling.md](labelling.md); no template was expanded by",
        "a script, and `make check` refuses near-duplicates. None is a real person's message.",
        "",
        "**Evaluation.** The sets in `tests/recognition/` were written apart, by writers who saw",
        "neither the training data nor the phrase patterns, and nothing is trained on them or",
        "tuned to them. `chat`: messages as typed to an assistant. `told`: sentences as spoken in",
        "an interview. `plain`: plain and general sentences of interviews and essays. `harms`:",
        "harms with a route of their own, and messages that come near one. `talks`: what people at",
        "no risk say in ten turns. `safety`: own risk",
        "(explicit, indirect, in medics' idiom), other people's risk, and hard negatives (idiom,",
        "shop talk, denial, the past, distress without risk).",
        "",
        "**All of it is written by the project and not by clinicians or by trainees in",
        "difficulty. Figures on real messages will differ from those below.**",
        "",
        *table(
            ["set", "messages", "identical to a training example", f"cosine over {NEAR} to one"],
            [
                [name, size, *(f"{rate.hits}" for rate in run.overlap[name])]
                for name, size in run.sizes.items()
            ],
        ),
        "The cosine is that of the encoder before adaptation; courtesies (“thanks”) are alike",
        "in any two sets.",
        "",
        *table(["file of examples", "messages"], _with_sum(taught.files)),
    ]
    for facet in FACETS:
        rows = [[label, taught.labels[facet][label]] for label in labels(facet)]
        lines += table([facet, "examples"], rows)
    lines += table(["risk", "examples"], [[r, taught.risks[r]] for r in risk_order()])
    return [*lines, *table(["intent", "examples"], sorted(taught.intents.items()))]


def _with_sum(counts: dict[str, int]) -> list[list[object]]:
    return [*([name, count] for name, count in counts.items()), ["all", sum(counts.values())]]


def _known(known: list[Known]) -> list[str]:
    mended = sum(1 for k in known if k.mended)
    return [
        "Messages of the project's own (`evaluation/known_failures.yml`) that some version got",
        f"wrong. This one gets {mended} of {len(known)} right. They were chosen because they",
        "failed: the share says nothing about messages at large.",
        "",
        *table(
            ["message", "why it is hard", "should be", "says now", "right now"],
            [
                [k.text, k.about, _fields(k.should), _fields(k.says), "yes" if k.mended else "no"]
                for k in known
            ],
            words=5,
        ),
    ]


def _fields(values: dict[str, object]) -> str:
    def plain(value: object) -> str:
        return ", ".join(value) or "none" if isinstance(value, list) else str(value)

    return "; ".join(f"{field}: {plain(value)}" for field, value in values.items())
