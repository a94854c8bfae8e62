"""The work namespace of a tenant and what is made in it once: what is there already is only looked at."""

from delivery_api import names
from delivery_operator.cluster import paths
from delivery_operator.cluster.client import JSON, Api
from delivery_operator.errors import Refused, Transient
from delivery_operator.manifests import namespace


class Furnisher:
    """Makes work namespaces; `home` is the operator's own."""

    def __init__(self, api: Api, home: str) -> None:
        self._api, self._home = api, home
        self._done: set[tuple[str, str]] = set()

    def forget(self, work: str) -> None:
        """Something was missing there: look again."""
        self._done = {pair for pair in self._done if pair[0] != work}

    async def furnish(self, tenant: str, creator: str) -> None:
        """Everything for a tenant, and the right to put Secrets there for who created a Delivery; once a process."""
        work = names.work_namespace(tenant)
        if (work, creator) in self._done:
            return
        owner = await self._api.get(paths.NAMESPACES.path(name=tenant))
        if owner is None or "deletionTimestamp" in owner["metadata"]:
            raise Transient(f"Namespace {tenant} is being deleted")
        uid = owner["metadata"]["uid"]
        wanted = [
            namespace.namespace(work, tenant, uid),
            *namespace.furniture(work, tenant),
            namespace.reader(work, self._home),
        ]
        if creator:
            wanted.append(namespace.depositor(work, creator))
        for manifest in wanted:
            there = await self._api.get(paths.address(manifest))
            if there is None:
                await self._api.create(paths.collection(manifest), manifest)
            elif manifest["kind"] == "Namespace":
                _own(there, tenant, uid)
        self._done.add((work, creator))


def _own(there: JSON, tenant: str, uid: str) -> None:
    """A namespace of that name that is not the operator's, or is about to go, is not worked in."""
    metadata, name = there["metadata"], there["metadata"]["name"]
    if (metadata.get("labels") or {}).get(names.WORK_NAMESPACE) != "true":
        raise Refused(f"Namespace {name} exists and is not the operator's; rename {tenant} or delete {name}")
    if "deletionTimestamp" in metadata:
        raise Transient(f"Namespace {name} is being deleted")
    owners = {one["uid"] for one in metadata.get("ownerReferences") or ()}
    if owners and uid not in owners:
        raise Transient(f"Namespace {name} belongs to an earlier namespace {tenant} and is about to be deleted")
