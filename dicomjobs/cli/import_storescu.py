"""`dicomjobs import storescu ARG…`: a script's command line becomes a job file that does the same on the wire."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from dicomjobs.cli.arguments import Arguments
from dicomjobs.cli.imported_line import job_of_line, read_command_file
from dicomjobs.dcmtk.peer_entries import PathOf
from dicomjobs.dcmtk.storescu_job import Surroundings, storescu_job
from dicomjobs.dcmtk.storescu_line import read_storescu_line


def text_of(arguments: Arguments) -> str:
    """Return the job file; raises InvalidInput for a line that storescu refuses."""

    def make(path_of: PathOf) -> str:
        said = read_storescu_line(arguments.line, read_command_file)
        surroundings = Surroundings(
            arguments=arguments.line,
            path_of=path_of,
            is_directory=lambda path: bool(path) and Path(path).is_dir(),
            today=datetime.now().astimezone().date(),
        )
        return storescu_job(said, surroundings)

    return job_of_line("storescu", make, arguments.output)
