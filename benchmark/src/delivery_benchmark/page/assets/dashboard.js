// The training dashboard of a recorded run, and its other side: what the customer got.

function startDashboard(runs) {
  const choice = document.getElementById("run");
  const turn = document.getElementById("turn");
  const card = document.getElementById("card");
  const show = () => {
    const run = runs[choice.selectedIndex];
    const turned = turn.getAttribute("aria-pressed") === "true";
    card.dataset.state = turned ? delivered(run).state : run.lamps.every((lamp) => lamp.lit) ? "pass" : "fail";
    card.replaceChildren(...(turned ? customerSide(run) : trainingSide(run)));
    document.getElementById("card-said").textContent = card.querySelector("h3").textContent;
  };
  choice.addEventListener("change", () => {
    turn.setAttribute("aria-pressed", "false");
    show();
  });
  turn.addEventListener("click", () => {
    turn.setAttribute("aria-pressed", String(turn.getAttribute("aria-pressed") !== "true"));
    show();
  });
  show();
  return show;
}

function trainingSide(run) {
  const green = run.lamps.every((lamp) => lamp.lit);
  const lamp = ({ lit, words: said }) => element("li", { class: lit ? "lit" : "out" }, said);
  const values = (at) => run.steps.map((step) => [step[0], step[at]]);
  return [
    element("h3", {}, green ? "Every light is green" : "Not every light is green"),
    element("ul", { class: "lamps" }, ...run.lamps.map(lamp)),
    curve("training loss", values(1), "loss", 170, 1),
    curve("gradient norm", values(2), "norm", 150, 1),
  ];
}

/** What is paid for is what passed its audit; a run may have learned and be refused all the same. */
function delivered(run) {
  if (run.audit.verdict === "Pass") return { state: "pass", said: "It learned, and is paid for" };
  if (run.audit.verdict === "Unknown") return { state: "open", said: "Neither shown nor excluded: nobody pays yet" };
  if (run.learned === "yes") return { state: "fail", said: "It learned, and its audit refuses it: nobody pays" };
  return { state: "fail", said: "It trained and did not learn: nobody pays" };
}

function customerSide(run) {
  const facts = [
    ["Before training", `intake ${run.canary.verdict}, ${run.canary.reason}: ${run.canary.message}`],
    ["While training", run.flaggedAt === null ? run.probe : `to be stopped at step ${run.flaggedAt} of ${run.planned}: ${run.probe}`],
    ["Audit", `${run.audit.verdict}, ${run.audit.reason}: ${run.audit.message}`],
    ["Item by item", `${run.wins} won and ${run.losses} lost of ${run.items} sealed items`],
  ];
  const rows = facts.flatMap(([term, said]) => [element("dt", {}, term), element("dd", {}, said)]);
  return [element("h3", {}, delivered(run).said), scores(run), ...gainInterval(run), element("dl", {}, ...rows)];
}

function scores(run) {
  const x = across(0, 1);
  const bars = [["base", run.base], ["candidate", run.candidate], ["free output", run.free]];
  const height = 34 + 26 * bars.length + 22;
  const bar = ([name, value], at) => {
    const y = 28 + 26 * at;
    const said = `${name}: ${value.toFixed(3)} of ${run.items} sealed items right`;
    const kind = name === "base" ? "base" : "candidate";
    const box = shape("rect", { class: kind, x: x(0), y, width: Math.max(2, x(value) - x(0)), height: 18 });
    const label = words(x(value) + 6, y + 13, `${name} ${value.toFixed(3)}`, "start", "tick");
    return shape("g", { class: "mark", tabindex: 0, role: "img", "aria-label": said }, box, label);
  };
  const at = x(Math.min(1, run.base + run.margin));
  return chart(
    "Accuracy on the sealed holdout, in the serving engine",
    height,
    words(LEFT, 14, "right on the sealed holdout", "start", "name"),
    bars.map(bar),
    shape("line", { class: "rule", x1: at, x2: at, y1: 22, y2: height - 20 }),
    words(at, height - 6, `asked for: ${(run.base + run.margin).toFixed(3)}`, "middle", "tick"),
  );
}

function gainInterval(run) {
  const [low, gain, high] = run.gain;
  const x = across(Math.min(-0.1, low), Math.max(run.margin, high) + 0.1);
  const y = 20;
  const share = (1 - run.alpha) * 100;
  const said = `gain ${signed(gain)}, bounds ${signed(low)} to ${signed(high)}, each of ${share.toFixed(1)} %`;
  const line = shape("line", { class: "whisker", x1: x(low), x2: x(high), y1: y, y2: y });
  const middle = shape("circle", { class: "candidate", cx: x(gain), cy: y, r: 5 });
  const level = (value, name) => [
    shape("line", { class: "rule", x1: x(value), x2: x(value), y1: 6, y2: 34 }),
    words(x(value), 48, name, "middle", "tick"),
  ];
  const whole = shape("g", { class: "mark", tabindex: 0, role: "img", "aria-label": said }, line, middle);
  const margin = `margin ${signed(run.margin, 2)}`;
  return [element("p", {}, said), chart("Gain over the base with its bounds", 58, level(0, "0"), level(run.margin, margin), whole)];
}
