"""Jobs in the order in which their needs let them run; it knows nothing else of jobs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dicomjobs.model.job import Job


def circle_of(name: str, jobs: Mapping[str, Job]) -> tuple[str, ...]:
    """Return the names along a way from a job over its needs back to itself, empty when there is none."""
    ways: list[tuple[str, ...]] = [(name,)]
    seen = set[str]()
    while ways:
        way = ways.pop()
        for need in jobs[way[-1]].needs:
            if need.job == name:
                return (*way, name)
            if need.job in jobs and need.job not in seen:
                seen.add(need.job)
                ways.append((*way, need.job))
    return ()


def way_text(names: Iterable[str]) -> str:
    """Write a way from job to job."""
    return " → ".join(names)


def in_running_order(wanted: Iterable[str], jobs: Mapping[str, Job]) -> tuple[Job, ...]:
    """Return the wanted jobs and all they need, each after its needs, otherwise in the order of `jobs`."""
    needed = with_needs(wanted, jobs)
    ordered: dict[str, Job] = {}
    waiting = [name for name in jobs if name in needed]
    while waiting:
        ready = next(name for name in waiting if all(n.job in ordered or n.job not in jobs for n in jobs[name].needs))
        waiting.remove(ready)
        ordered[ready] = jobs[ready]
    return tuple(ordered.values())


def with_needs(wanted: Iterable[str], jobs: Mapping[str, Job]) -> set[str]:
    """Return the names of jobs and of everything they need."""
    found = set[str]()
    waiting = [name for name in wanted if name in jobs]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [need.job for need in jobs[name].needs if need.job in jobs]
    return found
