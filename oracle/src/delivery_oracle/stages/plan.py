"""Plan: can the method do what the terms ask for on this base?"""

from __future__ import annotations

from delivery_api.delivery import DeliverySpec
from delivery_api.driver import Plan
from delivery_api.evidence import AuditEvidence
from delivery_api.finding import Finding, passed, unknown
from delivery_api.reasons import Reason
from delivery_oracle.configurator import architecture
from delivery_oracle.configurator.architecture import Architecture
from delivery_oracle.configurator.configure import resolve_plan
from delivery_oracle.stages.common import all_wrong, not_usable

METHODS = frozenset({"LoRA", "Full"})
"""What the trainer runs; 4-bit bases need kernels that it does not ship yet."""


def judge(spec: DeliverySpec, audit: AuditEvidence | None, methods: frozenset[str] = METHODS) -> Finding:
    """Verdict of the plan; `methods` are those the trainer of this installation runs."""
    missing = not_usable(audit, "the data audit")
    if missing or audit is None:
        return missing or unknown(Reason.EVIDENCE_MISSING, "There is no evidence of the base")
    try:
        base = architecture.read(audit.architecture)
    except ValueError as error:
        return all_wrong(Reason.PLAN_UNSOUND, (f"spec.base: {error}",))
    mistakes = objections(spec.plan, audit, methods)
    if mistakes:
        return all_wrong(Reason.PLAN_UNSOUND, mistakes)
    return passed(Reason.PLAN_SOUND, sentence(resolve_plan(spec.plan, base), base, audit))


def objections(plan: Plan, audit: AuditEvidence, methods: frozenset[str]) -> tuple[str, ...]:
    """Every mistake of the plan, in the order of its fields."""
    name = str(audit.architecture.get("architecture") or "")
    found = []
    if name and not name.endswith(("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")):
        found.append(f"spec.base is a {name}, not a causal language model; name one that generates text")
    if plan.method not in methods:
        found.append(f"spec.plan.method={plan.method} is not run by this trainer; use {', '.join(sorted(methods))}")
    if plan.method == "Full" and plan.artifact == "Adapter":
        found.append("spec.plan.artifact=Adapter, but spec.plan.method=Full has no adapter; use Merged or Auto")
    return tuple(found)


def sentence(plan: Plan, base: Architecture, audit: AuditEvidence) -> str:
    """The plan in words."""
    loss = "the answer only" if plan.loss_on == "Completion" else "prompt and answer, which learns more slowly"
    template = "the base's chat template" if audit.has_chat_template else "plain text, as the base has no chat template"
    rows = "packed with attention kept apart" if plan.packing else "padded"
    return (
        f"{plan.method} on {base.parameters / 1e9:.3g}B parameters, loss on {loss}, rows {rows}, "
        f"prompts by {template}, served as {'merged weights' if plan.artifact == 'Merged' else 'an adapter over its base'}"
    )
