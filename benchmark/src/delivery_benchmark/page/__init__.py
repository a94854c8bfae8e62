"""One static page of real results: ten stages to click through, a dashboard with two sides, the detector, the ladder."""

from .build import page
from .papers import RECORDED, Papers, PapersError
from .traces import Recorded, TraceError

__all__ = ["RECORDED", "Papers", "PapersError", "Recorded", "TraceError", "page"]
