"""The one moment of a run, from `timezone:`, --at and the clock; it knows no other part of a document."""

from __future__ import annotations

from datetime import datetime, tzinfo

from dicomjobs.config.codes import error
from dicomjobs.config.evaluate import Scope, expand_text
from dicomjobs.config.expand import inside
from dicomjobs.config.moment import Moment, moment_of, timezone_names, zone_of
from dicomjobs.config.nodes import Mapping, Scalar
from dicomjobs.config.parameters import MissingParameters, Parameters, section_of
from dicomjobs.config.rendering import PLAIN_TEXT
from dicomjobs.config.suggest import did_you_mean
from dicomjobs.diagnostics import Diagnostics


def settle_moment(
    root: Mapping, *, parameters: Parameters, now: datetime, at: str | None, missing: MissingParameters
) -> tuple[Moment, Diagnostics]:
    """Return the run's moment in the document's timezone, the host's when it has none or none that exists."""
    zone, diagnostics = _zone(root, Scope(parameters=parameters, moment=None, missing=missing))
    moment = moment_of(now, at=at, zone=zone)
    if moment is not None:
        return moment, diagnostics
    hint = "write ISO 8601: 2026-11-21T22:30, with or without an offset such as +01:00, or a date alone"
    unknown = error("DJ411", f"--at {at}: this is no time", at=None, hint=hint)
    return Moment(time=now.astimezone(zone), zone=zone), (*diagnostics, unknown)


def _zone(root: Mapping, scope: Scope) -> tuple[tzinfo | None, Diagnostics]:
    """Return the timezone that the document names, None for the host's."""
    written = section_of(root, "timezone")
    if not isinstance(written, Scalar):
        return None, ()
    outcome = expand_text(written.text, usage=PLAIN_TEXT, scope=scope)
    if outcome.mistakes or outcome.unresolved:
        return None, tuple(
            error(m.code, m.summary, at=inside(written, offset=m.offset, width=m.width), hint=m.hint)
            for m in outcome.mistakes
            if m.code == "DJ415"  # the others are told when the document is expanded
        )
    zone = zone_of(outcome.text)
    if zone is not None:
        return zone, ()
    hint = did_you_mean(outcome.text, timezone_names()) or "for example Europe/Berlin"
    return None, (error("DJ412", f"there is no timezone `{outcome.text}`", at=written.location, hint=hint),)
