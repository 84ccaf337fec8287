"""What a document means has to make sense: every rule in one tuple, and the places of what they find.

It knows no rule's contents; one function each, they are in the modules named here.
"""

from __future__ import annotations

from dicomjobs.config.build import Site
from dicomjobs.config.codes import error, warning
from dicomjobs.config.cursor import Findings
from dicomjobs.config.findings import Finding, Rule
from dicomjobs.config.job_rules import (
    columns_are_asked_for,
    embedded_peers_are_asked_for_what_they_can_prove,
    needed_jobs_exist,
    needs_lead_to_an_end,
    negotiation_is_said_once,
    outputs_are_different_files,
    profiles_propose_what_queries_need,
    texts_fit_their_character_set,
)
from dicomjobs.config.peer_rules import (
    character_sets_are_defined_terms,
    embedded_peers_speak_plain_dicom,
    identities_travel_under_tls,
)
from dicomjobs.config.places import Places, Pointer, Unresolved
from dicomjobs.config.profile_rules import (
    peers_accept_what_profiles_offer,
    profiles_offer_the_default_transfer_syntax,
)
from dicomjobs.config.query_rules import (
    keys_of_higher_levels_are_given,
    levels_suit_models,
    listed_classes_fit_an_association,
    negotiation_is_about_proposed_classes,
    negotiation_suits_the_model,
)
from dicomjobs.config.store_rules import (
    budgets_pay_for_a_wait,
    files_are_sent_everywhere_before_they_are_put_away,
    only_studies_travel_side_by_side,
    sent_files_are_not_found_again,
    waits_grow,
)
from dicomjobs.config.tls_rules import (
    added_suites_suit_the_profile,
    anonymous_peers_need_no_certificates,
    der_certificates_have_their_key_beside_them,
    revocation_lists_are_looked_at,
    verified_peers_can_be_verified,
    weaknesses_of_tls_are_allowed,
)
from dicomjobs.diagnostics import Diagnostic, Diagnostics, Severity

RULES: tuple[Rule, ...] = (
    character_sets_are_defined_terms,
    identities_travel_under_tls,
    weaknesses_of_tls_are_allowed,
    verified_peers_can_be_verified,
    anonymous_peers_need_no_certificates,
    added_suites_suit_the_profile,
    revocation_lists_are_looked_at,
    der_certificates_have_their_key_beside_them,
    embedded_peers_speak_plain_dicom,
    negotiation_is_about_proposed_classes,
    listed_classes_fit_an_association,
    profiles_offer_the_default_transfer_syntax,
    peers_accept_what_profiles_offer,
    levels_suit_models,
    keys_of_higher_levels_are_given,
    negotiation_suits_the_model,
    needed_jobs_exist,
    needs_lead_to_an_end,
    outputs_are_different_files,
    profiles_propose_what_queries_need,
    negotiation_is_said_once,
    texts_fit_their_character_set,
    only_studies_travel_side_by_side,
    files_are_sent_everywhere_before_they_are_put_away,
    sent_files_are_not_found_again,
    waits_grow,
    budgets_pay_for_a_wait,
    columns_are_asked_for,
    embedded_peers_are_asked_for_what_they_can_prove,
)


def validate(site: Site, *, document: dict[str, object], places: Places) -> Diagnostics:
    """Apply every rule to everything that is declared, used or not; what depends on a value nobody gave is passed over."""
    findings = Findings(places=places)
    return tuple(
        _located(finding, findings)
        for rule in RULES
        for finding in rule(site)
        if not isinstance(_value_at(document, finding.at), Unresolved)
        and not any(_has_unresolved(_value_at(document, pointer)) for pointer in finding.given)
    )


def _located(finding: Finding, findings: Findings) -> Diagnostic:
    """Place a finding."""
    make = error if finding.severity is Severity.ERROR else warning
    place = findings.location(finding.at, of_key=finding.at_key)
    return make(finding.code, finding.summary, at=place, hint=finding.hint)


def _value_at(document: object, pointer: Pointer) -> object:
    """Return the value that a pointer leads to, or the unresolved text that stands on the way to it."""
    for key in pointer:
        if isinstance(document, list) and isinstance(key, int):
            document = document[key]
        elif isinstance(document, dict):
            document = document.get(key)
    return document


def _has_unresolved(value: object) -> bool:
    """Say whether a value depends, somewhere in it, on a value nobody gave."""
    if isinstance(value, dict | list):
        return any(map(_has_unresolved, value.values() if isinstance(value, dict) else value))
    return isinstance(value, Unresolved)
