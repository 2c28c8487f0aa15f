"""What somebody at risk writes, by kind: said outright, so that every one has to be answered."""

PHRASES = {
    "immediate": (
        "I am going to kill myself tonight",
        "ive taken an overdose, all the paracetamol in the house",
        "im standing on the bridge and im about to jump",
        "I'm going to end my life when I get home",
        "i have the tablets in front of me and i am going to take them all",
        "I have written my suicide note and I'm doing it tonight",
        "i am about to hang myself",
    ),
    "active_ideation": (
        "I want to kill myself",
        "I keep thinking about killing myself",
        "i am suicidal",
        "I have been planning how to end my life",
        "every day i think about taking my own life",
        "I've worked out how I would kill myself",
        "i want to end it all and i have a plan",
    ),
    "passive_ideation": (
        "I wish I wouldn't wake up tomorrow",
        "i wish i was dead",
        "I don't want to be alive any more",
        "everyone would be better off if i was dead",
        "I want to go to sleep and never wake up",
        "i dont see any reason to go on living",
        "I hope a lorry hits me on the way home",
    ),
    "self_harm": (
        "I have been cutting myself",
        "i cut my arms again last night",
        "I burn myself with cigarettes when it gets too much",
        "i've been hurting myself to cope",
        "I started self harming again",
        "i hit myself until i bruise",
        "I scratch my legs until they bleed, on purpose",
    ),
    "harm_to_others": (
        "I want to hurt him, I really think I will hurt my consultant",
        "i keep thinking about strangling my partner",
        "I want to kill him and I have a knife",
        "i feel like i am going to hurt someone at work",
        "I'm going to make my consultant pay, I want her dead",
        "im scared that i will really hurt my husband tonight",
        "I have thought about how I would kill my boss and I might do it",
    ),
}
"""Kind of own risk -> phrases."""

EVERY_PHRASE = tuple(phrase for phrases in PHRASES.values() for phrase in phrases)
