"""All attacks, in the order of the table."""

from tests.attacks.attack import Attack
from tests.attacks.rows import approving, deciding, entering, evidence, metadata, people, syntax, terms, work

GROUPS: dict[str, tuple[Attack, ...]] = {
    "Approving what may not be approved": approving.ROWS,
    "Rejecting, revoking and overriding": deciding.ROWS,
    "Forged stamps and metadata": metadata.ROWS,
    "Terms, money and the rules of the gate": terms.ROWS,
    "What runs and serves": work.ROWS,
    "Ways into what runs": entering.ROWS,
    "Evidence": evidence.ROWS,
    "Other people's rights": people.ROWS,
    "Syntax": syntax.ROWS,
}
"""Heading to rows."""
ATTACKS: tuple[Attack, ...] = tuple(one for rows in GROUPS.values() for one in rows)
