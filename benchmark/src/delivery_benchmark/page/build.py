"""The page as one file: no server, no request, and a policy in the page itself that forbids any.

Style and script are named by their digests in that policy, so that markup which came from elsewhere could not run even if it
slipped through the escaping. The same inputs give the same bytes.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from html import escape
from importlib import resources
from string import Template
from typing import Any

from delivery_oracle.probe import ALPHA_CERTIFY, ALPHA_FLAG

from . import ladder as ladders
from . import traces
from .ladder import Ladder
from .papers import Papers
from .pipeline import pipeline
from .traces import Recorded

SCRIPTS = ("draw", "wealth", "pipeline", "dashboard", "detector", "ladder", "start")
ALPHAS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
LARGEST_BYTES = 2_000_000


def page(deliveries: Sequence[Papers], runs: Sequence[Recorded], ladder: Ladder | None = None) -> str:
    """The whole file as text; ValueError when it has grown too large to send."""
    shown = [traces.shown(run) for run in runs]
    style, script = _asset("page.css"), "\n".join(_asset(f"{name}.js") for name in SCRIPTS)
    data = {"deliveries": [_training(one) for one in deliveries], "runs": shown, "ladder": ladders.data(ladder)}
    made = Template(_asset("page.html")).substitute(
        policy=f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'",
        style=style,
        script=script,
        data=_data(data),
        pipeline=pipeline(deliveries),
        runs=_runs(shown),
        flag=_options(ALPHA_FLAG),
        certify=_options(ALPHA_CERTIFY),
        pressure=ladders.section(ladder),
        sources=escape(_sources(deliveries, runs, ladder)),
    )
    size = len(made.encode())
    if size > LARGEST_BYTES:
        raise ValueError(f"the page has {size} bytes, more than {LARGEST_BYTES}; give it fewer deliveries or runs")
    return made


def _asset(name: str) -> str:
    return (resources.files(__package__) / "assets" / name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _data(value: dict[str, Any]) -> str:
    """JSON that cannot end the element it stands in."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _runs(shown: Sequence[dict[str, Any]]) -> str:
    """Choice of a run; the first that did not learn is what the page is about."""
    first = next((run for run in shown if run["learned"] == "no"), shown[0])
    return "".join(f"<option{' selected' if run is first else ''}>{escape(run['title'])}</option>" for run in shown)


def _options(chosen: float) -> str:
    return "".join(f"<option{' selected' if alpha == chosen else ''}>{alpha:g}</option>" for alpha in ALPHAS)


def _training(one: Papers) -> dict[str, Any]:
    """What is drawn of a delivery's training."""
    training = one.training or {}
    margin = float(one.certificate["terms"]["acceptance"]["minimumGain"])
    return {"loss": training.get("loss", []), "looks": training.get("looks", []), "margin": margin}


def _sources(deliveries: Sequence[Papers], runs: Sequence[Recorded], ladder: Ladder | None) -> str:
    """What the page was made of."""
    names = ", ".join(f"{one.name} (uid {one.certificate['delivery']['uid']})" for one in deliveries)
    trained = ", ".join(run.name for run in runs)
    benchmark = f" Benchmark run: {ladder.run}." if ladder else ""
    return f"Made of the papers of {names}, and of the recorded training runs {trained}.{benchmark}"
