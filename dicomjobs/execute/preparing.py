"""An instance made ready to be sent: its route on an association, and its file opened; it sends nothing and settles nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from dicomjobs.errors import NotSendable
from dicomjobs.execute.associating import NumberedAssociation
from dicomjobs.execute.ports import FilePayload, Files
from dicomjobs.plan.plan import PlannedInstance, StoreStep
from dicomjobs.plan.route import NoRoute, Route, choose_route


@dataclass(slots=True)
class Ready:
    """An instance with its payload open and its route chosen on a certain association."""

    item: int
    row: PlannedInstance
    association: int
    route: Route
    payload: FilePayload


@dataclass(frozen=True, slots=True)
class Preparing:
    """Makes the instances of a step ready; used by one lane."""

    step: StoreStep
    files: Files
    _routes: dict[tuple[int, str, str], Route | NoRoute] = field(default_factory=dict)

    def ready(self, association: NumberedAssociation, item: int, row: PlannedInstance) -> Ready:
        """Route an instance and open its file; raises NotSendable."""
        route = self._route(association, row)
        if isinstance(route, NoRoute):
            raise NotSendable("no_presentation_context", route.words)
        files, step = self.files, self.step
        form = step.rewriting.form(route, item - step.first)
        payload = files.rewritten(row, form, step.digest) if form else files.payload(row, step.digest)
        return Ready(item=item, row=row, association=association.number, route=route, payload=payload)

    def _route(self, association: NumberedAssociation, row: PlannedInstance) -> Route | NoRoute:
        """Return the route of an instance; those of a class and transfer syntax are the same on one association."""
        key = (association.number, row.sop_class_uid, row.transfer_syntax)
        if key not in self._routes:
            self._routes[key] = choose_route(
                sop_class_uid=row.sop_class_uid,
                transfer_syntax=row.transfer_syntax,
                accepted=association.wire.negotiation.accepted,
                natives=self.step.natives,
            )
        return self._routes[key]
