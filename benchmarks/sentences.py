"""Ordinary sentences of offices and engine rooms. Some hold the words that detectors are about; none holds anything to find."""

from __future__ import annotations

import random

SENTENCES = (
    "The delivery arrived on Tuesday and was put in the second aisle.",
    "We moved the planning meeting to next week, since half of the team is travelling.",
    "Please send the signed contract back before the end of the month.",
    "The new release makes search faster and uses less memory than the old one.",
    "Three of the five pallets were damaged on the way, and the carrier has been told.",
    "Customers in the north asked for a longer return period.",
    "The report compares sales of this quarter with those of the year before.",
    "A user who forgot the password gets a link by e-mail and chooses a new one.",
    "The page loads in under two seconds on a small screen with a slow connection.",
    "Prices include tax unless the order goes to another country.",
    "Her proposal was accepted with two changes, both of them about the schedule.",
    "The build failed because a file was missing; it has been added since.",
    "Nobody has looked at the old archive for years, so it can go.",
    "The warehouse in Rotterdam ships on every working day but Friday.",
    "If the printer says that it is out of paper, open the lower tray and close it again.",
    "This system keeps a copy of each invoice for ten years.",
    "The council approved the plan for the new bridge by a narrow vote.",
    "Remember to water the plants in the corner office.",
    "Tests run on each change, and nobody merges while one of them fails.",
    "The museum opens at nine and closes at five; on Mondays it stays closed.",
    "His talk was about how rivers shape the valleys that they run through.",
    "Orders above fifty euros are sent free of charge.",
    "The cache holds the last thousand answers and forgets the oldest first.",
    "You can pay by card, by transfer or in the shop.",
    "Instructions for the coffee machine hang on the wall beside it.",
    "The train was late again, which is why the first session started without us.",
    "An engineer will call you back within the day.",
    "We ignore empty lines and comments when we count the size of a file.",
    "The index was built anew over night and is complete.",
    "Version two of the form has one field less and is easier to read.",
    "The key to the store room is with the caretaker.",
    "Growth was strongest in small towns, where few shops had been before.",
    "The committee will publish its findings in the spring.",
    "A token of thanks was handed to everyone who helped with the move.",
    "The assistant answered most questions well and passed the others on.",
    "It rained for three days, and the path along the lake is still under water.",
    "The model was trained on text in nine languages.",
    "Each branch office writes a summary, and the head office reads all of them.",
    "The secret of the recipe is to let the dough rest over night.",
    "Two of the servers were replaced, and the third follows in the summer.",
    "The address of the venue and a map are on the last page.",
    "What was said in the previous meeting is in the minutes.",
    "The account manager looks after forty clients in the region.",
    "Your order has been packed and leaves our house today.",
    "The guide explains the role of each part and how they fit together.",
    "Costs fell by a fifth after the contract with the carrier was renewed.",
    "All rooms have a desk, a lamp and a view of the yard.",
    "The survey had a good response, mostly from people who had bought more than once.",
)


def sentences(size: int, draw: random.Random) -> str:
    """Return ``size`` characters of sentences, drawn anew for each."""
    parts: list[str] = []
    length = 0
    while length < size:
        parts.append(draw.choice(SENTENCES))
        length += len(parts[-1]) + 1
    return " ".join(parts)[:size]


def paragraph(draw: random.Random) -> str:
    """Return one to four whole sentences."""
    return " ".join(draw.choices(SENTENCES, k=draw.randint(1, 4)))
