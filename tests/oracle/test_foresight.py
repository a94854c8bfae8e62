"""Power of the probe before the run, and the average for pools too small for fresh items."""

from __future__ import annotations

import math

import numpy as np
import pytest

from delivery_oracle.stages import intake
from delivery_oracle.statistics import foresight
from delivery_oracle.statistics.eprocess import Process, wealth
from delivery_oracle.statistics.reuse import reused
from tests.oracle import world as w


def test_a_simulated_path_is_the_bettors_own():
    """Counts at the ends of looks must give the wealth that the items themselves give."""
    path = foresight.crossing_paths(Process.FLAG, (0.1, 0.2), (1.0, 0.0), 64)
    direct = wealth(Process.FLAG, [1.0] * 128, [0.1] * 64 + [0.2] * 64).log_wealth[[63, 127]]
    assert path[0].tolist() == pytest.approx(direct.tolist()) and np.ptp(path, axis=0).max() == 0.0


def test_the_chance_grows_with_looks_and_falls_with_the_gain():
    floors = foresight.planned_floors(680, 0.2)
    by_looks = [foresight.chance(Process.FLAG, floors[:count], 0.0, alpha=0.01) for count in (0, 1, 3, 6)]
    assert by_looks == sorted(by_looks) and by_looks[0] == 0.0 and by_looks[-1] > 0.9
    by_gain = [foresight.chance(Process.FLAG, floors, gain, alpha=0.01) for gain in (-0.95, -0.3, 0.0, 0.1, 0.3, 1.0)]
    assert by_gain == sorted(by_gain, reverse=True) and by_gain[0] == 1.0 and by_gain[-1] == 0.0


def test_a_probe_that_could_not_flag_anything_says_so_before_the_run():
    said = foresight.sentence(400, 0.03, 0.01)
    assert "6 looks of 64 items flag a run that gains nothing with chance 0.0" in said and "margin 0.030" in said
    assert foresight.sentence(400, 0.2, 0.01) is None
    weak = intake.judge(w.spec(), w.audit(probe=tuple(f"p{i}" for i in range(64))))
    assert "the clean probe has little power: 1 looks" in weak.message
    assert "little power" not in intake.judge(w.spec(), w.audit()).message


def test_looks_at_the_same_items_are_averaged_and_not_multiplied():
    look = [-1.0] * 8 + [0.0] * 24
    one = wealth(Process.FLAG, look, 0.1).last
    path = reused(Process.FLAG, [look, look], [0.1, 0.1], planned_looks=4).log_wealth
    assert path.tolist() == pytest.approx([one - math.log(4), one - math.log(2)])


def test_the_average_keeps_its_level_where_the_product_does_not():
    """Ten looks at one pool of 64 items of a run that gains exactly the floor."""
    generator, floor, looks = np.random.default_rng(5), 0.1, 10
    averaged = multiplied = 0
    for _ in range(400):
        pool = generator.choice([-1.0, 0.0, 1.0], 64, p=[0.1, 0.7, 0.2])
        averaged += reused(Process.FLAG, [pool] * looks, [floor] * looks, looks).first_crossing(0.05) is not None
        multiplied += wealth(Process.FLAG, np.tile(pool, looks), floor).first_crossing(0.05) is not None
    assert averaged <= 20 and multiplied > 60


def test_weights_are_fixed_before_the_run():
    with pytest.raises(ValueError, match="3 looks, but 2 were planned"):
        reused(Process.FLAG, [[0.0]] * 3, [0.1] * 3, planned_looks=2)
    with pytest.raises(ValueError, match="as many minimum gains"):
        reused(Process.FLAG, [[0.0]], [0.1, 0.2], planned_looks=2)
    assert reused(Process.FLAG, [], [], planned_looks=2).highest == 0.0
