"""`experiments/estimate/run`: fit, leave out, compare, and write the page and the coefficients."""

from __future__ import annotations

import argparse

from experiments.estimate import fit, report, sidebyside, validate
from experiments.estimate.published import ROOT, read

PAGE = ROOT / "docs/reference/estimates.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep-peers", action="store_true", help="other tools as the page has them, if our memory is the same")
    keep = parser.parse_args().keep_peers
    pairs = fit.paired(read())
    out = {name: validate.left_out(pairs, group) for name, group in validate.GROUPS.items()}
    fit.write(validate.shipped(fit.fit_all(pairs), out["source"]))
    c = fit.read()
    memory = fit.for_memory(pairs)
    peers = sidebyside.kept(PAGE.read_text(), memory, c) if keep else sidebyside.table(memory, c)
    PAGE.write_text(report.page(pairs, c, out, peers))
    print(f"{PAGE.relative_to(ROOT)} and {fit.FILE.relative_to(ROOT)} written")


if __name__ == "__main__":
    main()
