"""The server: vLLM's own OpenAI server over the artifact by digest, with the flags it was audited with."""

import os
import sys

from delivery_api.tasks import ServeTask
from delivery_io.fetch import Fetcher
from delivery_io.problems import WorkProblem
from delivery_io.settings import from_environment
from delivery_worker import engine

PORT = "8000"


def arguments(flags: dict[str, object]) -> list[str]:
    """Engine flags as command-line options."""
    options: list[str] = []
    for key, value in sorted(flags.items()):
        option = f"--{key.replace('_', '-')}"
        options += [option] if value is True else [option, str(value)]
    return options


def command(task: ServeTask, fetcher: Fetcher) -> list[str]:
    """Command line of vLLM's server; weights are fetched by digest first."""
    artifact = fetcher.model(task.artifact, "spec.output")
    if task.artifact_kind == "Adapter":
        model, adapter = fetcher.model(task.base, "spec.base"), artifact
        names = ["--served-model-name", f"{task.model_name}-base", "--lora-modules", f"{task.model_name}={adapter}"]
    else:
        model, adapter = artifact, None
        names = ["--served-model-name", task.model_name]
    flags = engine.flags(task.precision, task.sequence_length, adapter)
    server = [sys.executable, "-m", "vllm.entrypoints.openai.api_server"]
    return [*server, "--model", str(model), *names, "--host", "0.0.0.0", "--port", PORT, *arguments(flags)]


def main(task: ServeTask) -> int:
    """Become vLLM's server."""
    try:
        line = command(task, Fetcher(from_environment(), task.insecure_registries))
    except WorkProblem as problem:
        sys.exit(f"{problem.kind}: {problem.field}: {problem.message}")
    own = {key: value for key, value in engine.environment().items() if key != "VLLM_ENABLE_V1_MULTIPROCESSING"}
    os.execve(sys.executable, line, os.environ | own)
