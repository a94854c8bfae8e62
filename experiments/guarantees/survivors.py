"""Mutants that live and may: for each mutated line the reason why it changes no verdict."""

SEARCH = "moves the next guess only; the bound is where the bettor just rejects, to the same hundred-thousandth"
EQUAL = "differs only where two computed numbers are equal to the last bit"
SAME = "the same value by another way"
NEVER = "the case cannot occur: the line before has refused it, or a caller has"
ROUNDING = "differs by rounding in the last bits only: the value itself lies within"
OF_COURSE = "where both are nought or one, the claim is the last or the first of all: the search ends there either way"
NOUGHT = "adds or leaves out terms that no double can hold"
TAIL = "nine deviations from the middle; what lies beyond weighs less than 1e-15"
PROBE = {
    "certify = Wealth(wealth(None, gains, margin).log_wealth[ends])": SAME,
}
BETTING = {
    "return math.exp(-highest(None, values, delta))": SAME,
    "return -_edge(lambda gain: highest(None, items, -gain), alpha, -items)": SAME,
    "guesses = None": SEARCH,
    "guesses = [mean, mean - NEARLY * reach, mean + reach]": SEARCH,
    "guesses = [mean, mean + NEARLY / reach, mean + reach]": SEARCH,
    "guesses = [mean, mean + NEARLY * reach, mean - reach]": SEARCH,
    "gain = guesses.pop() if (guesses) and False else (low + high) / 2.0": SEARCH,
    "if not low <= gain < high:": SEARCH,
    "if not low < gain <= high:": SEARCH,
    "while high - low >= PRECISION:": EQUAL,
    "if evidence_against(gain) > needed:": EQUAL,
    "if evidence_against(high) <= needed:": EQUAL,
    "smallest = float(FRACTIONS[1])": SEARCH,
    "return (needed + math.log(FRACTIONS.size)) / (items.size * smallest) + smallest * float(items.var()) / 3.0": SEARCH,
    "return (needed + math.log(FRACTIONS.size)) / (items.size * smallest) + smallest * float(items.var()) * 2.0": SEARCH,
    "return (needed + math.log(FRACTIONS.size)) / (items.size * smallest) - smallest * float(items.var()) / 2.0": SEARCH,
    "return (needed - math.log(FRACTIONS.size)) / (items.size * smallest) + smallest * float(items.var()) / 2.0": SEARCH,
    "return (needed + math.log(FRACTIONS.size)) * (items.size * smallest) + smallest * float(items.var()) / 2.0": SEARCH,
    "return (needed + math.log(FRACTIONS.size)) / (items.size / smallest) + smallest * float(items.var()) / 2.0": SEARCH,
}
CORRUPTION = {
    "if a <= 0.0 or bottom < 0.0:": NEVER,
}
EPROCESS = {
    "if (shares < 0).any() or float(shares.sum()) >= 1.0 + 1e-12:": EQUAL,
}
FORESIGHT = {
    "return float((paths.max(axis=1) > -np.log(alpha)).mean())": EQUAL,
    "counts = generator.multinomial(items, [wins, losses, max(1.0, 1.0 - wins - losses)], size=(RUNS, len(floors)))": SAME,
    'logs = np.einsum("RLK,LKJ->RLJ", counts, np.array(steps)).cumsum(axis=1)': SAME,
    "if found > LEAST_POWER:": EQUAL,
}
INTERVAL = {
    "low = _root(lambda d: _score(wins, losses, items, d) < critical, -1.0, gain)": EQUAL,
    "high = _root(lambda d: _score(wins, losses, items, d) <= -critical, gain, 1.0)": EQUAL,
    "if variance < 1e-12:": EQUAL,
    "return 0.0 if (abs(distance) < 1e-9) and False else math.copysign(math.inf, distance)": OF_COURSE,
    "return 1.0 if abs(distance) < 1e-9 else math.copysign(math.inf, distance)": OF_COURSE,
    "return 0.0 if abs(distance) <= 1e-9 else math.copysign(math.inf, distance)": EQUAL,
    "return Interval(float(np.clip(centre - half, None, 1)), float(np.clip(centre + half, 0, 1)))": ROUNDING,
    "return Interval(float(np.clip(centre - half, 0, None)), float(np.clip(centre + half, 0, 1)))": ROUNDING,
    "return Interval(float(np.clip(centre - half, 0, 2)), float(np.clip(centre + half, 0, 1)))": ROUNDING,
    "return Interval(float(np.clip(centre - half, 0, 1)), float(np.clip(centre + half, None, 1)))": ROUNDING,
    "return Interval(float(np.clip(centre - half, 0, 1)), float(np.clip(centre + half, 0, None)))": ROUNDING,
    "return Interval(float(np.clip(centre - half, 0, 1)), float(np.clip(centre + half, 0, 2)))": ROUNDING,
}
MCNEMAR = {
    "if tosses >= LARGEST_EXACT:": "both sums are good to nine digits",
    "return min(1.0, float(np.exp(log_pmf(tosses, np.arange(wins, tosses - 1))).sum()))": NOUGHT,
    "return tosses + 1 - int((tail < alpha).sum())": EQUAL,
}
POWER = {
    "if wins < 0 or discordant <= 0:": "without wins the sum is nought as well",
    "if wins <= 0 or discordant < 0:": NEVER,
    "spread = TAIL_DEVIATIONS * math.sqrt(items * discordant) - 1": TAIL,
    "spread = TAIL_DEVIATIONS * math.sqrt(items * discordant) + 2": TAIL,
    "spread = TAIL_DEVIATIONS * math.sqrt(items / discordant) + 1": TAIL,
    "for count in range(min(items, int(centre + spread)) + 1):": TAIL,
    "return min(2.0, total)": ROUNDING,
    "return next((size for size in SIZES if power(size, gain, margin, alpha=alpha) > wanted), None)": EQUAL,
}
REUSE = {
    "each = [wealth(process, values, delta).last for values, delta in zip(looks, deltas, strict=None)]": NEVER,
    "each = [wealth(process, values, delta).last for values, delta in zip(looks, deltas, )]": NEVER,
    "each = [wealth(process, values, delta).last for values, delta in zip(looks, deltas, strict=False)]": NEVER,
    "return Wealth(np.array(averages, dtype=None))": SAME,
    "return Wealth(np.array(averages, ))": SAME,
}
REASONS: dict[str, str] = PROBE | BETTING | CORRUPTION | EPROCESS | FORESIGHT | INTERVAL | MCNEMAR | POWER | REUSE
