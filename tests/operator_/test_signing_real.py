"""A signed delivery on a real API server: what the signer is told there, signed, is verified with what kubectl reads."""

import json
from pathlib import Path

import pytest

from delivery_oracle import cli
from tests.images.conftest import RegistryServer
from tests.operator_.test_real_api import per_delivery
from tests.signing.delivered import REPOSITORY, about, keypair, push, signing
from tests.support.scenes import at_gate, delivered
from tests.support.stage import Theatre, reason

pytestmark = pytest.mark.cluster


async def test_a_signed_delivery_takes_sixteen_writes_and_a_stranger_confirms_it(theatre: Theatre, tmp_path: Path):
    registry, keys = RegistryServer(tmp_path, private=False), keypair(tmp_path / "keys", "signing")
    registry.start()
    try:
        uri = f"oci://{registry.host}/{REPOSITORY}@{push(registry.host, tmp_path / 'files')}"
        async with (
            theatre.workers(router=about(uri, signing(lambda: keys, tmp_path))),
            theatre.operator(DELIVERY_PROGRESS_SECONDS="30", DELIVERY_SIGNING_SECRET="signing"),
        ):
            theatre.order(spec__output={"repository": f"oci://{registry.host}/{REPOSITORY}", "insecure": True})
            theatre.approve(await theatre.reaches("the gate", at_gate))
            done = await theatre.reaches("delivery", delivered)
        assert reason(done, "Ready") == "Delivered"
        writes = per_delivery(theatre.writes())
        assert len(writes) == 16, "\n".join(writes)
        kept = theatre.admin.get("deliverycertificate", done.status.certificate, "-n", theatre.tenant)
        (tmp_path / "certificate.json").write_text(json.dumps(kept))
        given = [str(tmp_path / "certificate.json"), "--key", str(keys / "signing.pub"), "--insecure", "--deep"]
        assert cli.main(["verify", *given]) == 0
    finally:
        registry.stop()
