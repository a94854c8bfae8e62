// The clean probe look by look, for the margin and the levels that the reader chooses.

function startDetector(runs) {
  const field = (name) => document.getElementById(`detector-${name}`);
  const [choice, margin, seen] = [field("run"), field("delta"), field("looks")];
  const levels = [field("flag"), field("certify")];
  const run = () => runs[choice.selectedIndex];
  const all = () => run().looks.filter((look) => look.step >= run().warmup).length;
  const show = () => {
    const delta = Number(margin.value);
    const [flag, certify] = levels.map((level) => Number(level.value));
    const told = assess(run(), delta, flag, certify, Number(seen.value));
    field("delta-said").textContent = delta.toFixed(2);
    field("looks-said").textContent = `${seen.value} of ${all()}`;
    field("before").disabled = Number(seen.value) === 0;
    field("after").disabled = Number(seen.value) === all();
    field("chart").replaceChildren(wealthChart(run(), delta, flag, certify, told));
    field("rows").replaceChildren(...told.looks.map(lookRow));
    field("said").textContent = sentence(told, delta, flag, certify);
    field("said").dataset.outcome = told.outcome;
  };
  const restart = () => {
    seen.max = all();
    seen.value = all();
    margin.value = run().margin;
    show();
  };
  const step = (by) => () => {
    seen.value = Number(seen.value) + by;
    show();
  };
  choice.addEventListener("change", restart);
  for (const one of [margin, seen]) one.addEventListener("input", show);
  for (const one of levels) one.addEventListener("change", show);
  field("before").addEventListener("click", step(-1));
  field("after").addEventListener("click", step(1));
  restart();
  return show;
}

/** The outcome with its null in words. */
function sentence(told, delta, flag, certify) {
  const items = told.looks.reduce((sum, look) => sum + look.items, 0);
  const so = `${told.looks.length} looks, ${items} fresh sealed items: `;
  const learning = `every item after the warm-up is expected to gain at least ${(delta / 2).toFixed(3)} rising to ${delta.toFixed(3)}`;
  const most = `the expected gain is at most ${delta.toFixed(3)}`;
  if (told.outcome === "NotLearning")
    return `${so}NotLearning. Stopped at step ${told.decidedAt}: rejected at ${flag} that ${learning}.`;
  if (told.outcome === "Learning")
    return `${so}Learning. Rejected at ${certify} by step ${told.decidedAt} that ${most}; the audit still decides.`;
  return `${so}Undecided. Rejected neither at ${flag} that ${learning}, nor at ${certify} that ${most}.`;
}

function lookRow(look) {
  const cell = (value, said) => element("td", { "data-value": value }, said);
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, String(look.step)),
    cell(look.items, String(look.items)),
    cell(look.gain, signed(look.gain)),
    cell(look.floor, look.floor.toFixed(3)),
    cell(look.flag, signed(look.flag, 2)),
    cell(look.certify, signed(look.certify, 2)),
  );
}

/** Both bets over all planned steps: the axes hold still while looks are added. */
function wealthChart(run, delta, flag, certify, told) {
  const height = 320;
  const whole = assess(run, delta, flag, certify).looks.flatMap((look) => [look.flag, look.certify]);
  const limits = [-Math.log(flag), -Math.log(certify)];
  const x = across(0, run.planned);
  const y = scale(Math.min(-2, ...whole), Math.max(...limits, ...whole) + 1, height - 24, 34);
  const path = (kind, name) => {
    const places = told.looks.map((look) => [x(look.step), y(look[kind])]);
    const said = (look) => `step ${look.step}: log wealth ${signed(look[kind], 2)} against “${name}”`;
    return [line([[x(run.warmup), y(0)], ...places], kind), told.looks.map((look, at) => dot(...places[at], kind, said(look)))];
  };
  return chart(
    `Log wealth of both bets by step, ${run.title}`,
    height,
    words(LEFT, 14, "log wealth", "start", "name"),
    axes(x, y, (step) => (step === 0 ? "step 0" : String(step)), (value) => signed(value, 0)),
    rule(x, y, limits[0], `stop at ${limits[0].toFixed(2)}`, "flag", limits[0] < limits[1]),
    rule(x, y, limits[1], `certify at ${limits[1].toFixed(2)}`, "certify", limits[1] <= limits[0]),
    path("flag", "it is learning"),
    path("certify", "it is not learning"),
  );
}
