"""Mutants that live and may: for each mutated line the reason why it changes no verdict."""

SEARCH = "moves the next guess only; the bound is where the bettor just rejects, to the same six decimals"
MEASURE_ZERO = "differs only where two computed numbers are equal to the last bit"
SAME = "the same value by another way"
NEVER = "the case cannot occur: the line before has refused it"
BETS = {
    "return math.exp(-highest(None, values, delta))": SAME,
    "return -_edge(lambda gain: highest(None, items, -gain), alpha, -items)": SAME,
    "if above <= 0.0:": MEASURE_ZERO,
    "side = 1": SEARCH,
    "if high - low < PRECISION:": MEASURE_ZERO,
    "middle = min(max(guess, low - PRECISION / 2.0), high - PRECISION / 2.0)": SEARCH,
    "middle = min(max(guess, low + PRECISION * 2.0), high - PRECISION / 2.0)": SEARCH,
    "middle = min(max(guess, low + PRECISION / 3.0), high - PRECISION / 2.0)": SEARCH,
    "middle = min(max(guess, low + PRECISION / 2.0), high + PRECISION / 2.0)": SEARCH,
    "middle = min(max(guess, low + PRECISION / 2.0), high - PRECISION * 2.0)": SEARCH,
    "middle = min(max(guess, low + PRECISION / 2.0), high - PRECISION / 3.0)": SEARCH,
    "if seen > 0.0:": MEASURE_ZERO,
    "high, above, below, side = middle, seen, below * (2.0 if side > 0 else 1.0), 1": SEARCH,
    "high, above, below, side = middle, seen, below / (2.0 if (side > 0) and False else 1.0), 1": SEARCH,
    "high, above, below, side = middle, seen, below / (2.0 if (side > 0) or True else 1.0), 1": SEARCH,
    "high, above, below, side = middle, seen, below / (3.0 if side > 0 else 1.0), 1": SEARCH,
    "high, above, below, side = middle, seen, below / (2.0 if side >= 0 else 1.0), 1": SEARCH,
    "high, above, below, side = middle, seen, below / (2.0 if side > 1 else 1.0), 1": SEARCH,
    "high, above, below, side = middle, seen, below / (2.0 if side > 0 else 2.0), 1": SEARCH,
    "high, above, below, side = middle, seen, below / (2.0 if side > 0 else 1.0), 2": SEARCH,
    "low, below, above, side = middle, seen, above / (2.0 if (side < 0) or True else 1.0), -1": SEARCH,
}
OTHERS = {
    "if a <= 0.0 or bottom < 0.0:": NEVER,
    "counts = generator.multinomial(items, [wins, losses, max(1.0, 1.0 - wins - losses)], size=(RUNS, len(floors)))": SAME,
    'logs = np.einsum("RLK,LKJ->RLJ", counts, np.array(steps)).cumsum(axis=1)': SAME,
    "if found > LEAST_POWER:": MEASURE_ZERO,
}
REASONS: dict[str, str] = BETS | OTHERS
