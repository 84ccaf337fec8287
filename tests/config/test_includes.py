"""A job file with everything it includes."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomjobs.config.includes import read_sources
from dicomjobs.config.nodes import Mapping, Node, Scalar
from dicomjobs.diagnostics import InvalidInput
from dicomjobs.model.job import EchoJob, StoreJob
from tests.support.job_files import codes, load_with_warnings, write


def plain(node: Node | None) -> object:
    """A tree as Python values, every scalar a text."""
    match node:
        case Mapping():
            return {entry.key.text: plain(entry.value) for entry in node.entries}
        case Scalar():
            return node.text
        case None:
            return None
        case _:
            return [plain(item) for item in node.items]


def merged(folder: Path, **files: str) -> object:
    """Write files and return `job` with what it includes."""
    for name, text in files.items():
        write(folder, "dicomjobs: 1\n" + text, f"{name}.yaml")
    sources, diagnostics = read_sources(str(folder / "job.yaml"))
    assert not diagnostics
    return plain(sources.root)


def test_the_including_file_wins_over_what_it_includes(tmp_path: Path) -> None:
    """Mappings merge deeply, key by key."""
    found = merged(
        tmp_path,
        site="peers: {archive: {host: old, port: 104, timeouts: {acse: 5s, dimse: 1m}}}",
        job="include: [site.yaml]\npeers: {archive: {host: new, timeouts: {dimse: 2m}}}",
    )

    assert found == {
        "dicomjobs": "1",
        "peers": {"archive": {"host": "new", "port": "104", "timeouts": {"acse": "5s", "dimse": "2m"}}},
    }


def test_later_includes_win_over_earlier_ones(tmp_path: Path) -> None:
    """In the order of the list."""
    found = merged(
        tmp_path,
        a="timezone: Europe/Berlin\nreports: {directory: a}",
        b="timezone: Europe/Paris",
        job="include: [a.yaml, b.yaml]",
    )

    assert found == {"timezone": "Europe/Paris", "reports": {"directory": "a"}, "dicomjobs": "1"}


def test_lists_are_replaced(tmp_path: Path) -> None:
    """Nobody can take an entry out of a list that is merged."""
    found = merged(
        tmp_path,
        site="send_sets: {inbox: {paths: [/a, /b]}}",
        job="include: [site.yaml]\nsend_sets: {inbox: {paths: [/c]}}",
    )

    assert found == {"dicomjobs": "1", "send_sets": {"inbox": {"paths": ["/c"]}}}


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [
        (
            "peers: {a: {host: x, port: 104, called_ae_title: A}}",
            "peers: {a: {embedded: {directory: d}}}",
            {"called_ae_title": "A", "embedded": {"directory": "d"}},
        ),
        (
            "peers: {a: {embedded: {directory: d}}}",
            "peers: {a: {host: x, port: 104}}",
            {"host": "x", "port": "104"},
        ),
        (
            "jobs: {a: {needs: [b], echo: {peer: p}}}",
            "jobs: {a: {store: {peer: p, send_set: s}}}",
            {"needs": ["b"], "store": {"peer": "p", "send_set": "s"}},
        ),
        (
            "jobs: {a: {store: {peer: p, send_set: s}}}",
            "jobs: {a: {store: {peer: q}}}",
            {"store": {"peer": "q", "send_set": "s"}},
        ),
    ],
)
def test_a_mapping_that_is_one_of_several_kinds_becomes_the_later_kind(
    tmp_path: Path, earlier: str, later: str, expected: object
) -> None:
    """An embedded peer becomes a remote one, an echo becomes a store, and what they share stays."""
    found = merged(tmp_path, site=earlier, job=f"include: [site.yaml]\n{later}")

    assert isinstance(found, dict)
    assert next(value for key, value in found.items() if key != "dicomjobs")["a"] == expected


def test_a_secret_takes_the_place_of_another(tmp_path: Path) -> None:
    """A passcode has one source."""
    found = merged(
        tmp_path,
        site="peers: {a: {user_identity: {username: jo, passcode: {env: A}}, tls: {key_password: {file: b}}}}",
        job="include: [site.yaml]\npeers: {a: {user_identity: {passcode: {prompt: A}}, tls: {key_password: {env: B}}}}",
    )

    assert found == {
        "dicomjobs": "1",
        "peers": {
            "a": {
                "user_identity": {"username": "jo", "passcode": {"prompt": "A"}},
                "tls": {"key_password": {"env": "B"}},
            }
        },
    }


def test_what_looks_like_a_kind_under_keys_is_left_alone(tmp_path: Path) -> None:
    """Alternatives are known by their place, not by their name."""
    found = merged(
        tmp_path,
        site="queries: {peer: {keys: {host: a}}}",
        job="include: [site.yaml]\nqueries: {peer: {keys: {embedded: b}}}",
    )

    assert found == {"dicomjobs": "1", "queries": {"peer": {"keys": {"host": "a", "embedded": "b"}}}}


def test_a_file_that_two_others_include_is_read_once(tmp_path: Path) -> None:
    """A diamond is no circle."""
    write(tmp_path, "dicomjobs: 1\ntimezone: Europe/Berlin\n", "base.yaml")
    write(tmp_path, "dicomjobs: 1\ninclude: [base.yaml]\n", "a.yaml")
    write(tmp_path, "dicomjobs: 1\ninclude: [base.yaml]\n", "b.yaml")
    sources, diagnostics = read_sources(write(tmp_path, "dicomjobs: 1\ninclude: [a.yaml, b.yaml]\n"))

    assert not diagnostics
    assert [Path(document.path).name for document in sources.documents] == ["job.yaml", "a.yaml", "base.yaml", "b.yaml"]


def test_nodes_keep_the_file_that_wrote_them(tmp_path: Path) -> None:
    """A mistake in an included file is shown there, and its paths are relative to it."""
    write(tmp_path, "dicomjobs: 1\npeers: {here: {embedded: {directory: in}}}\n", "sites/north/site.yaml")
    file = write(
        tmp_path,
        """
        dicomjobs: 1
        include: [sites/north/site.yaml]
        send_sets: {inbox: {paths: [in]}}
        jobs: {send: {store: {peer: here, send_set: inbox}}}
        """,
    )
    (job,) = load_with_warnings(file)[0].jobs

    assert isinstance(job, StoreJob)
    assert job.peer.embedded_directory == str(tmp_path / "sites/north/in")
    assert job.send_set.paths[0].path == str(tmp_path / "in")


def test_paths_of_included_files_are_as_the_user_would_write_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative to the working directory, as the first file was given."""
    write(tmp_path, "dicomjobs: 1\n", "site.yaml")
    write(tmp_path, "dicomjobs: 1\ninclude: [../site.yaml]\n", "jobs/job.yaml")
    monkeypatch.chdir(tmp_path)
    sources, _ = read_sources("jobs/job.yaml")

    assert [document.path for document in sources.documents] == ["jobs/job.yaml", "site.yaml"]


def test_jobs_of_included_files_are_not_the_files_own(tmp_path: Path) -> None:
    """`run FILE` runs what FILE declares."""
    write(
        tmp_path,
        "dicomjobs: 1\npeers: {a: {host: x, port: 104}}\njobs: {theirs: {echo: {peer: a}}}\n",
        "site.yaml",
    )
    file = write(tmp_path, "dicomjobs: 1\ninclude: [site.yaml]\njobs: {ours: {echo: {peer: a}}}\n")
    workspace, _ = load_with_warnings(file)

    assert workspace.declared == ("ours",)
    assert [job.name for job in workspace.jobs if isinstance(job, EchoJob)] == ["theirs", "ours"]


def test_an_include_may_be_in_an_installed_package(tmp_path: Path) -> None:
    """`package:` and `env:` are known before parameters are."""
    file = write(tmp_path, 'dicomjobs: 1\ninclude: ["${package:dicomjobs}/no_such.yaml", "${name}.yaml"]\n')
    sources, diagnostics = read_sources(file)

    assert sources.root is None
    assert codes(diagnostics) == ["DJ301", "DJ402"]


def test_problems_of_every_file_are_told_at_once(tmp_path: Path) -> None:
    """An included file with a mistake does not hide the mistakes of the first one."""
    write(tmp_path, "timezone: Europe/Berlin\npeers: {a: {host: x, port: many}}\n", "site.yaml")
    file = write(tmp_path, "dicomjobs: 1\ninclude: [site.yaml]\npeers: {b: {host: x, port: 0}}\n")
    with pytest.raises(InvalidInput) as raised:
        load_with_warnings(file)

    assert codes(raised.value.diagnostics) == ["DJ204", "DJ202", "DJ203"]
    assert all(diagnostic.source_line for diagnostic in raised.value.diagnostics)


@pytest.mark.parametrize("include", ["site.yaml", "{a: b}", "[[site.yaml]]", "['']", "['.']"])
def test_an_include_is_a_list_of_files(tmp_path: Path, include: str) -> None:
    """Anything else is refused where it stands."""
    file = write(tmp_path, f"dicomjobs: 1\ninclude: {include}\n")
    _, diagnostics = read_sources(file)

    assert codes(diagnostics) in (["DJ203"], ["DJ301"])
