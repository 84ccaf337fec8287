"""`dicomjobs export asconfig FILE PROFILE`: an association profile of a document as a file for `storescu -xf`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import assert_never

from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.import_verb import refuse_target, write_text
from dicomjobs.cli.inputs import read_workspace
from dicomjobs.cli.refusal import refusal
from dicomjobs.config.suggest import did_you_mean
from dicomjobs.config.workspace import MissingParameters
from dicomjobs.dcmtk.asconfig_writing import (
    LONGEST_INFORMATION,
    asconfig_lines,
    classes_with_several_contexts,
    profile_name,
)
from dicomjobs.dicom.escape import one_line
from dicomjobs.dicom.uids import name_of
from dicomjobs.model.association import (
    MAXIMUM_CONTEXTS,
    AssociationProfile,
    ContextTemplate,
    ProposalPolicy,
    Proposing,
)


def main(arguments: Arguments) -> int:
    """Print the file or write it; an existing one is never replaced."""
    if arguments.output is not None:
        refuse_target(Path(arguments.output))
    text = "".join(f"{line}\n" for line in _lines(_profile(arguments), arguments.source))
    if arguments.output is None:
        sys.stdout.write(text)
    else:
        write_text(Path(arguments.output), text)
    return 0


def _lines(profile: AssociationProfile, file: str) -> Iterator[str]:
    """Yield the file, with what there is to know about it in comments; raises InvalidInput for what DCMTK cannot say."""
    for item in profile.extended_negotiation:
        if len(item.information) > 2 * LONGEST_INFORMATION:
            words = f"the extended negotiation for {name_of(item.sop_class_uid)} is longer than DCMTK reads"
            raise refusal("DJ615", words, hint=f"{LONGEST_INFORMATION} bytes are its limit")
    yield f"# The association profile {one_line(profile.name)} of {one_line(file)}, made by dicomjobs export asconfig."
    yield f"# storescu -xf THIS_FILE {profile_name(profile.name)} … proposes what the profile does."
    if several := classes_with_several_contexts(profile):
        names = ", ".join(map(name_of, several[:3])) + (", …" if len(several) > 3 else "")
        yield f"# storescp refuses it: a profile of an SCP has one context for each SOP class ({names} here)."
    yield from asconfig_lines(profile)


def _profile(arguments: Arguments) -> AssociationProfile:
    """Return the profile that was asked for; raises InvalidInput."""
    workspace = read_workspace(replace(arguments, file=arguments.source), missing_parameters=MissingParameters.REFUSE)
    profiles = {profile.name: profile for profile in workspace.profiles}
    if arguments.profile not in profiles:
        hint = did_you_mean(arguments.profile, profiles) if profiles else "the document has no association profiles"
        summary = f"there is no association profile `{arguments.profile}` in {arguments.source}"
        raise refusal("DJ615", summary, hint=hint)
    return _fixed(profiles[arguments.profile])


def _fixed(profile: Proposing) -> AssociationProfile:
    """Return a profile whose contexts are known without files; raises InvalidInput for any other."""
    match profile:
        case AssociationProfile():
            return profile
        case ProposalPolicy():
            return _made(profile)
        case _:
            assert_never(profile)


def _made(policy: ProposalPolicy) -> AssociationProfile:
    """Return what a policy makes of the SOP classes that it lists."""
    contexts = tuple(
        ContextTemplate(abstract_syntax=uid, transfer_syntaxes=syntaxes)
        for uid in policy.sop_classes
        for syntaxes in policy.transfer_syntaxes
    )
    if not contexts:
        hint = "list its SOP classes, or say dcmtk_64"
        raise refusal("DJ615", f"what `{policy.name}` proposes depends on the files that are sent", hint=hint)
    if len(contexts) > MAXIMUM_CONTEXTS:
        summary = f"`{policy.name}` proposes {len(contexts)} presentation contexts, and DCMTK splits nothing"
        raise refusal("DJ615", summary, hint="list fewer SOP classes")
    return AssociationProfile(
        name=policy.name,
        contexts=contexts,
        roles=tuple(role for role in policy.roles if role.sop_class_uid in policy.sop_classes),
        extended_negotiation=policy.extended_negotiation,
    )
