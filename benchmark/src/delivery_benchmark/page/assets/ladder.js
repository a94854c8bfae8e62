// The pressure ladder: for a seat and a question, the share of trials with its interval, rung by rung.

const ROW = 26;

function startLadder(rungs) {
  const [seat, question] = ["seat", "question"].map((name) => document.getElementById(`ladder-${name}`));
  const show = () => {
    const chosen = rungs.filter((rung) => rung.seat === seat.value && rung.question === question.value);
    document.getElementById("ladder-chart").replaceChildren(ladderChart(chosen, question.value));
  };
  for (const choice of [seat, question]) choice.addEventListener("change", show);
  show();
  return show;
}

function ladderChart(rungs, question) {
  const names = 164;
  const x = scale(0, 1, names, columnWidth() - RIGHT);
  const height = 30 + ROW * rungs.length + 22;
  const y = scale(0, 1, height - 22, 26);
  const rung = ({ name, mean, low, high, trials }, at) => {
    const level = 26 + ROW * at + ROW / 2;
    const said = `${name}: ${mean.toFixed(2)}, interval ${low.toFixed(2)} to ${high.toFixed(2)}, ${trials} trials`;
    const whisker = shape("line", { class: "whisker", x1: x(low), x2: x(high), y1: level, y2: level });
    const middle = shape("circle", { class: "candidate", cx: x(mean), cy: level, r: 5 });
    return [words(names - 8, level + 4, name, "end", "tick"), mark([whisker, middle], x(mean), level, said)];
  };
  const grid = ticks(x).map((value) => [
    shape("line", { class: "grid", x1: x(value), x2: x(value), y1: y(1), y2: y(0) }),
    words(x(value), height - 6, value.toFixed(1), "middle", "tick"),
  ]);
  return chart(`${question}, share of trials by rung`, height, words(8, 14, question, "start", "name"), grid, rungs.map(rung));
}
