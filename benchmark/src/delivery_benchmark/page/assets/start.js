// Read the page's own data and start every section that is there; draw again when the window changes its width.

document.getElementById("without").remove();
const known = JSON.parse(document.getElementById("data").textContent);
const redraw = [
  startPipeline(known.deliveries),
  startDashboard(known.runs),
  startDetector(known.runs),
  ...(known.ladder === null ? [] : [startLadder(known.ladder)]),
];
let drawnFor = columnWidth();
new ResizeObserver(() => {
  if (columnWidth() === drawnFor) return;
  drawnFor = columnWidth();
  for (const draw of redraw) draw();
}).observe(document.getElementById("main"));
