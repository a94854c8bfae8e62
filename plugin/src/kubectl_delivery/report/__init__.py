"""One delivery on one page: a single HTML file without scripts or network, to be mailed, archived and read in ten years."""

from .curves import Curves, of_certificate, of_evidence
from .model import Report, report
from .page import page

__all__ = ["Curves", "Report", "of_certificate", "of_evidence", "page", "report"]
