"""`experiments/estimate/run`: fit, leave out, compare, and write the page and the coefficients."""

from __future__ import annotations

from experiments.estimate import fit, report, sidebyside, validate
from experiments.estimate.published import ROOT, read

PAGE = ROOT / "docs/reference/estimates.md"


def main() -> None:
    pairs = fit.paired(read())
    out = {name: validate.left_out(pairs, group) for name, group in validate.GROUPS.items()}
    fit.write(validate.shipped(fit.fit_all(pairs), out["source"]))
    c = fit.read()
    peers = sidebyside.table(fit.for_memory(pairs), c)
    PAGE.write_text(report.page(pairs, c, out, peers))
    print(f"{PAGE.relative_to(ROOT)} and {fit.FILE.relative_to(ROOT)} written")


if __name__ == "__main__":
    main()
