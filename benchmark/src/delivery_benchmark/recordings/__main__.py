"""`python -m delivery_benchmark.recordings TRACES`: write the recordings of real runs anew from the traces of `make tbdl`."""

import sys
from pathlib import Path

from delivery_benchmark.recordings.tbdl import FOLDER, write

write(Path(sys.argv[1]), Path(str(FOLDER)))
