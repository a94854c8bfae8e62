"""One support message: greeting, context, request, context, closing, and a person's keyboard."""

import re

from .draw import Draw
from .grammar import Phrases, Split, belongs_to, choose, fill

_ASKS = re.compile(
    r"^(can|could|may|is|are|do|does|did|will|would|what|where|when|how|who|why|which|must|any|has)\b", re.IGNORECASE
)
_NEIGHBOURS = {"a": "s", "e": "r", "i": "o", "o": "p", "t": "r", "n": "m", "s": "d", "l": "k", "r": "t", "c": "v"}
_SHORT = {"please": "pls", "you": "u", "your": "ur", "thanks": "thx", "because": "bc", "tomorrow": "tmrw"}


NOVEL_SHARE = 0.3
"""Share of sealed messages whose whole pattern never occurs in training."""


def compose(intent: str, split: Split, phrases: Phrases, draw: Draw) -> str:
    """A message that asks for exactly one desk; what surrounds the request may name others."""
    request = fill(_wording(intent, split, phrases, draw), phrases.slots, draw)
    parts = [draw.pick(phrases.greetings)]
    if draw.chance(0.30):
        parts.append(draw.pick(phrases.contexts))
    parts.append(_sentence(request))
    if draw.chance(0.35):
        parts.append(draw.pick(phrases.contexts))
    parts.append(draw.pick(phrases.closings))
    text = fill(" ".join(part for part in parts if part), phrases.slots, draw)
    return _by_hand(text, draw)


def _wording(intent: str, split: Split, phrases: Phrases, draw: Draw) -> str:
    if phrases.own[intent] and draw.chance(NOVEL_SHARE):
        return choose(draw.pick(phrases.own[intent]), draw)
    while True:
        wording = choose(draw.pick(phrases.shared[intent]), draw)
        if belongs_to(wording) == split:
            return wording


def _sentence(request: str) -> str:
    mark = "" if request[-1] in ".?!" else "?" if _ASKS.match(request) and "?" not in request else "."
    return request[0].upper() + request[1:] + mark


def _by_hand(text: str, draw: Draw) -> str:
    """What typing does to a sentence: abbreviations, slips, no capitals, no full stops."""
    words = text.split(" ")
    if draw.chance(0.10):
        words = [_SHORT.get(word.lower(), word) for word in words]
    if draw.chance(0.35):
        for _ in range(draw.between(1, 2)):
            place = draw.index(len(words))
            words[place] = _slip(words[place], draw)
    text = " ".join(words)
    if draw.chance(0.15):
        text = text.lower()
    if draw.chance(0.10):
        text = re.sub(r"[.,?!:](?= |$)", "", text)
    return text


def _slip(word: str, draw: Draw) -> str:
    """One slip of the finger; references, prices and addresses are left readable."""
    if len(word) < 4 or not word.isalpha():
        return word
    place = draw.between(1, len(word) - 2)
    before, letter, after = word[:place], word[place], word[place + 1 :]
    match draw.index(4):
        case 0:
            return before + after[0] + letter + after[1:]
        case 1:
            return before + after
        case 2:
            return before + letter + letter + after
    return before + _NEIGHBOURS.get(letter, letter + letter) + after
