"""One static page of real results: ten stages to click through, a dashboard with two sides, the detector, the ladder."""

from .build import page
from .ladder import Ladder, Rung
from .papers import RECORDED, Papers, PapersError
from .traces import Recorded, TraceError

__all__ = ["RECORDED", "Ladder", "Papers", "PapersError", "Recorded", "Rung", "TraceError", "page"]
