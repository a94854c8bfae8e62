"""Card: model card, certificate and bill, with every claim of the driver checked against evidence."""

from dataclasses import replace

from delivery_api.digests import canonical
from delivery_api.finding import Finding, Verdict, unknown
from delivery_api.reasons import Reason
from delivery_api.stages import Stage
from delivery_operator import signing
from delivery_operator.attempts import Carried
from delivery_operator.decision import Decision, Facts, Want
from delivery_operator.documents.bill import bill
from delivery_operator.documents.card import card
from delivery_operator.documents.certificate import certificate
from delivery_operator.documents.training import training
from delivery_operator.manifests import records
from delivery_operator.manifests.common import matches
from delivery_operator.manifests.records import Signed
from delivery_operator.observed import Observed
from delivery_operator.settings import Settings
from delivery_oracle.claims import Facts as Known
from delivery_oracle.claims import check
from delivery_oracle.stages import card as oracle
from delivery_oracle.stages import evaluation


def decide(observed: Observed, facts: Facts, settings: Settings) -> Decision:
    """Whether the delivery is over, and what is said about it then."""
    name = records.certificate_name(observed.key.name, observed.uid)
    known = _facts(observed, facts)
    finding = oracle.judge(observed.spec, known, settled=_settled(facts))
    if not _settled(facts):
        issued = observed.status.certificate
        return Decision(_waiting(facts, finding), replace(facts, certificate=issued))
    papers = _documents(observed, facts, known)
    artifact = facts.artifact
    if not settings.signing_secret or artifact is None or not _delivered(facts):
        return Decision(finding, replace(facts, certificate=name), _issued(observed, papers))
    given = signing.assignment(observed, settings, artifact, papers)
    stood = signing.look(observed, settings, facts, given, artifact)
    facts = signing.known(observed, settings, replace(facts, certificate=observed.status.certificate), stood)
    if signing.under_way(stood):
        # Issued once, with the digests of what was signed; who waits for that misses nothing but these.
        return Decision(_said(finding, stood), facts, stood.wants, stood.keeps)
    wants = _issued(observed, papers, signing.signed(stood, artifact))
    return Decision(_said(finding, stood), replace(facts, certificate=name), (*wants, *stood.wants), stood.keeps)


def _issued(observed: Observed, papers: dict[str, str], signed: Signed | None = None) -> tuple[Want, ...]:
    """The certificate, where it is not there as it should be."""
    want = Want("apply", records.certificate(observed.key, observed.uid, papers, signed))
    return () if matches(want.manifest, observed.objects.get(want.name)) else (want,)


def _said(finding: Finding, stood: Carried) -> Finding:
    """What the claims come to, once the papers are signed; before that, how the signing stands."""
    if stood.judged and stood.finding.verdict is Verdict.PASS:
        return replace(finding, message=f"{finding.message}; {stood.finding.message}")
    return finding if finding.verdict is Verdict.FAIL else stood.finding


def _delivered(facts: Facts) -> bool:
    return not any(finding.blocks for finding in facts.findings.values())


def _settled(facts: Facts) -> bool:
    """All other stages have said their last word: all hold, or one has failed and nothing runs any more."""
    if facts.findings[Stage.COST].verdict is Verdict.UNKNOWN:
        return False
    return facts.over or not any(one.blocks for stage, one in facts.findings.items() if stage is not Stage.COST)


def _waiting(facts: Facts, finding: Finding) -> Finding:
    blocker = next((stage for stage, one in facts.findings.items() if one.blocks), None)
    return unknown(Reason.WAITING, f"Waits for {blocker}") if blocker else finding


def _facts(observed: Observed, facts: Facts) -> Known:
    """All that the evidence establishes."""
    comparison = None
    if facts.evaluated is not None and facts.evaluation is not None:
        comparison = evaluation.comparison(observed.spec, facts.evaluated)
    return oracle.facts(observed.spec, audit=facts.audit, resolved=facts.resolved, comparison=comparison, cost=facts.cost)


def _documents(observed: Observed, facts: Facts, known: Known) -> dict[str, str]:
    checked = tuple(check(claim, known) for claim in observed.spec.card.claims)
    delivered = _delivered(facts)
    cost, money = facts.cost, facts.findings[Stage.COST]
    assert cost is not None
    return {
        "README.md": card(observed, facts, checked, delivered),
        "certificate.json": canonical(certificate(observed, facts, checked, delivered)),
        "bill.json": canonical(bill(str(observed.key), observed.uid, cost, str(money.reason), money.message)),
        **({"training.json": canonical(training(facts.train))} if facts.train else {}),
    }
