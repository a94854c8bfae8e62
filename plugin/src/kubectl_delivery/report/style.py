"""The page's style: light and dark by what the reader's system says, readable in print, focus always visible."""

STYLE = """
:root{--ink:#1b1f24;--soft:#57606a;--paper:#fff;--panel:#f6f8fa;--rule:#d0d7de;--loss:#0969da;--probe:#1a7f37;--money:#8250df;
--pass:#1a7f37;--fail:#cf222e;--open:#57606a;--focus:#0969da}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa4af;--paper:#0d1117;--panel:#161b22;--rule:#30363d;
--loss:#58a6ff;--probe:#3fb950;--money:#bc8cff;--pass:#3fb950;--fail:#ff7b72;--open:#9aa4af;--focus:#58a6ff}}
*{box-sizing:border-box}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:56rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem}
p,dd,td{overflow-wrap:anywhere}
.state{font-weight:600}
nav a{margin-right:1rem}a{color:var(--focus)}
.skip{position:absolute;left:-100rem}.skip:focus{left:1rem;background:var(--paper);padding:.5rem}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0}dt{color:var(--soft)}dd{margin:0}
svg{width:100%;height:auto;display:block;background:var(--panel);border-radius:6px;margin:.5rem 0}
svg text{fill:var(--ink);font-size:12px}svg .tick{fill:var(--soft);font-size:11px}svg .name{font-weight:600}
.grid{stroke:var(--rule);stroke-width:1}.rule{stroke:var(--soft);stroke-dasharray:5 4}
.line{fill:none;stroke-width:2}.line.loss{stroke:var(--loss)}.line.probe{stroke:var(--probe)}.line.money{stroke:var(--money)}
circle.loss,rect.work{fill:var(--loss)}circle.probe{fill:var(--probe)}circle.money{fill:var(--money)}
rect.waiting{fill:var(--panel);stroke:var(--soft);stroke-dasharray:4 3}
circle.loss{opacity:0}.mark:hover circle,.mark:focus circle{opacity:1}
.tip{visibility:hidden;paint-order:stroke;stroke:var(--panel);stroke-width:4px}
.mark:hover .tip,.mark:focus .tip{visibility:visible}.mark:focus{outline:none}
.mark:focus circle,.mark:focus rect{stroke:var(--focus);stroke-width:3}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--rule);vertical-align:top}
.wide{overflow-x:auto}.verdicts td:nth-child(3){overflow-wrap:normal}
tr.pass td:nth-child(2){color:var(--pass)}tr.fail td:nth-child(2){color:var(--fail);font-weight:600}
tr.open td:nth-child(2){color:var(--open)}
summary{cursor:pointer;padding:.3rem 0}
pre{background:var(--panel);padding:1rem;white-space:pre-wrap;overflow-wrap:anywhere;border-radius:6px}
footer{color:var(--soft);margin-top:2rem}
@media print{nav,.skip{display:none}details>*{display:block}}
"""
