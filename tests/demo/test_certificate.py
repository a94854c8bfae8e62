"""The first lines of a certificate say whether, what, how good, by whom, and what nobody knows."""

import json

from demo.certificate import lines

DELIVERED = {
    "delivered": True,
    "artifact": {"digest": "sha256:4144", "kind": "Merged", "bytes": 272_585_019},
    "evaluation": {
        "base": "0.05", "candidate": "0.77", "gain": "+0.72", "low": "+0.64", "high": "+0.79", "pValue": "1e-28", "items": 128,
    },
    "approval": {"by": "approver", "at": "2026-01-01T00:00:00Z"},
    "stages": [{"name": "intake", "verdict": "Pass", "reason": "IntakeAccepted"}],
    "notEstablished": [],
}  # fmt: skip
REFUSED = {
    "delivered": False,
    "stages": [{"name": "intake", "verdict": "Fail", "reason": "LabelsUnrelated"}],
    "notEstablished": ["plan: Waiting, Waits for intake", "eval: Waiting, Waits for intake"],
}


def test_a_delivered_model_has_its_audit_and_its_approver() -> None:
    text = "\n".join(lines("c", {"certificate.json": json.dumps(DELIVERED)}))
    assert "delivered        yes" in text and "0.77 against 0.05" in text and "by approver" in text
    assert "not established  nothing" in text and "failed" not in text


def test_a_refusal_says_what_failed_and_what_is_not_known() -> None:
    text = "\n".join(lines("c", {"certificate.json": json.dumps(REFUSED)}))
    assert "delivered        no" in text and "intake, LabelsUnrelated" in text
    assert "not established  plan, eval" in text and "approved" not in text


def test_no_certificate_is_said() -> None:
    assert lines(None, {}) == ["no certificate was issued"]
