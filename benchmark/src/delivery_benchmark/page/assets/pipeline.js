// Ten stages as tabs: one panel at a time, arrows go from stage to stage. Without scripts all panels are simply there.

function startPipeline(deliveries) {
  const choices = [...document.querySelectorAll("input[name=delivery]")];
  const shown = () => document.getElementById(choices.find((choice) => choice.checked).value);
  const choose = () => {
    for (const choice of choices) document.getElementById(choice.value).hidden = !choice.checked;
    drawCurve(shown(), deliveries);
  };
  for (const list of document.querySelectorAll("[role=tablist]")) startTabs(list);
  for (const choice of choices) choice.addEventListener("change", choose);
  choose();
  return () => drawCurve(shown(), deliveries);
}

/** Left and right, Home and End, and clicks. */
function startTabs(list) {
  const tabs = [...list.querySelectorAll("[role=tab]")];
  const select = (tab, focus) => {
    for (const one of tabs) {
      one.setAttribute("aria-selected", String(one === tab));
      one.tabIndex = one === tab ? 0 : -1;
      document.getElementById(one.getAttribute("aria-controls")).hidden = one !== tab;
    }
    if (focus) tab.focus();
  };
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(document.activeElement);
    const step = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    select(tabs.at(step % tabs.length), true);
  });
  for (const tab of tabs) tab.addEventListener("click", () => select(tab, false));
  select(tabs.find((tab) => tab.dataset.first !== undefined) ?? tabs[0], false);
}

/** Loss, and below it what fresh sealed items said. */
function drawCurve(delivery, deliveries) {
  const place = delivery.querySelector(".curve");
  if (place === null) return;
  const { loss, looks, margin } = deliveries[Number(place.dataset.delivery)];
  place.replaceChildren(curve("training loss", loss, "loss", 170, 1), gains(looks, margin, loss[loss.length - 1][0]));
}

function gains(looks, margin, last) {
  const height = 170;
  const x = across(0, last);
  const values = [0, margin, ...looks.map((look) => look.gain)];
  const y = scale(Math.min(...values), Math.max(...values), height - 24, 26);
  const places = looks.map((look) => [x(look.step), y(look.gain)]);
  const said = (look) => `step ${look.step}: gain ${signed(look.gain)} on ${look.items} fresh items`;
  return chart(
    "Gain on fresh sealed items by step",
    height,
    words(LEFT, 14, "clean probe: gain over the base", "start", "name"),
    axes(x, y, (step) => (step === 0 ? "step 0" : String(step)), (value) => signed(value, 2)),
    rule(x, y, margin, `asked for ${signed(margin, 2)}`),
    line(places, "probe"),
    looks.map((look, at) => dot(...places[at], "probe", said(look))),
  );
}
