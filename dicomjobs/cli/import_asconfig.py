"""`dicomjobs import asconfig FILE`: an association configuration file as YAML; what it says that DCMTK drops is told on stderr."""

from __future__ import annotations

import sys

from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.asconfig_yaml import unsayable, yaml_lines
from dicomjobs.cli.diagnostics_view import render_diagnostics
from dicomjobs.config.asconfig_source import read_asconfig_file
from dicomjobs.diagnostics import InvalidInput


def text_of(arguments: Arguments) -> str:
    """Return the YAML; raises InvalidInput for a file that DCMTK refuses, or that says what YAML cannot."""
    source = read_asconfig_file(arguments.source)
    asconfig, told = source.asconfig, source.diagnostics
    if asconfig is None:
        raise InvalidInput(told)
    if problems := unsayable(asconfig, file=arguments.source):
        raise InvalidInput((*told, *problems))
    if told:
        print(render_diagnostics(told, colour=sys.stderr.isatty()), file=sys.stderr)
    return "".join(yaml_lines(asconfig, file=arguments.source, told=told))
