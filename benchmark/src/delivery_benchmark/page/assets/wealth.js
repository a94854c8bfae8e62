// The clean probe's two bets, by the formulas of delivery_oracle.statistics.eprocess and delivery_oracle.probe.
// A test compares every number with the library's to 1e-6.

const BETS = 20;
const LARGEST_BET = 0.99;

/** The floor that the run is held against: half the margin at the end of warm-up, the margin at the last step. */
function ramp(step, warmup, last, margin) {
  if (last <= warmup) return margin;
  return margin * (0.5 + 0.5 * Math.min(1, Math.max(0, (step - warmup) / (last - warmup))));
}

/** What one unit of stake wins on one item, scaled so that the most it can lose is one. */
function payoff(process, difference, floor) {
  return process === "flag" ? (floor - difference) / (1 - floor) : (difference - floor) / (1 + floor);
}

/** Log wealth of each of the twenty constant bettors after one look; differences are [difference, how often]. */
function afterLook(logs, process, differences, floor) {
  return logs.map((log, number) => {
    const stake = ((number + 1) / BETS) * LARGEST_BET;
    return differences.reduce((sum, [seen, times]) => sum + times * Math.log1p(stake * payoff(process, seen, floor)), log);
  });
}

/** Log of the mean of what these are logs of. */
function logMean(logs) {
  const top = Math.max(...logs);
  return top + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - top), 0) / logs.length);
}

/** The looks that count, and which of them has been the first to reach 1/alpha, if any: the page shows the first `shown`. */
function assess(run, margin, alphaFlag, alphaCertify, shown = Infinity) {
  let flag = Array(BETS).fill(0);
  let certify = Array(BETS).fill(0);
  const looks = run.looks.filter((look) => look.step >= run.warmup).slice(0, shown).map((look) => {
    const floor = ramp(look.step, run.warmup, run.planned, margin);
    flag = afterLook(flag, "flag", look.differences, floor);
    certify = afterLook(certify, "certify", look.differences, margin);
    const items = look.differences.reduce((sum, [, times]) => sum + times, 0);
    const gain = look.differences.reduce((sum, [seen, times]) => sum + seen * times, 0) / items;
    return { step: look.step, items, gain, floor, flag: logMean(flag), certify: logMean(certify) };
  });
  const flagged = looks.find((look) => look.flag >= -Math.log(alphaFlag));
  const certified = looks.find((look) => look.certify >= -Math.log(alphaCertify));
  const outcome = flagged ? "NotLearning" : certified ? "Learning" : "Undecided";
  return { looks, outcome, decidedAt: (flagged ?? certified)?.step ?? null };
}
