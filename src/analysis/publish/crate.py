"""Describe the contents of a release as an RO-Crate 1.1: its files, and the runs that made them.

https://w3id.org/ro/crate, with the profiles Workflow RO-Crate 1.0 and Workflow Run Crate 0.5. Runs
have no times, since the same inputs must give the same bytes. Data that a run read and the release
does not hold, such as workbooks and clean tables, are named (inputs with their hash) without being
files of the crate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from analysis.publish.dataset import Dataset, media_type

METADATA = "ro-crate-metadata.json"
CONTEXT = [
    "https://w3id.org/ro/crate/1.1/context",
    {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"},
]
ROOT_CONTEXT = "https://w3id.org/ro/crate/1.1"
WORKFLOW_PROFILE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    WORKFLOW_PROFILE: ("Workflow RO-Crate", "1.0"),
}
OUTSIDE = "Not part of this release."
LANGUAGE = {
    "@id": "#plan",
    "@type": "ComputerLanguage",
    "name": "plan of analysis",
    "description": "JSON: the list `runs`, each with its notebook, parameters, inputs and results.",
}


@dataclass(frozen=True)
class Run:
    """One run of one notebook.

    source: path of the notebook in the release. inputs, results: paths in the release, or names of
    files that it does not hold, relative to the repository.
    """

    name: str
    title: str
    source: str
    inputs: tuple[str, ...]
    results: tuple[str, ...]
    parameters: dict[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Contents:
    """Contents and sources of a release.

    files: content by path. workflow: path of the plan of the runs. inputs: SHA-256 by name of the
    data of the edition.
    """

    files: dict[str, bytes]
    workflow: str
    runs: tuple[Run, ...]
    inputs: dict[str, str]


def crate(data: Dataset, contents: Contents) -> dict[str, Any]:
    """Return the RO-Crate metadata of a release."""
    graph = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": _ids([ROOT_CONTEXT, WORKFLOW_PROFILE]),
        },
        _root(data, contents),
        _publisher(data),
        LANGUAGE,
        *_profiles(),
        *_license(data),
        *(_file(path, contents) for path in sorted(contents.files)),
        _whole(data, contents),
        *(_action(run, contents) for run in contents.runs),
        *_unknown_sheet(contents),
    ]
    return {"@context": CONTEXT, "@graph": graph}


def _root(data: Dataset, contents: Contents) -> dict[str, Any]:
    published = {"datePublished": data.published.isoformat()} if data.published else {}
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": data.title_of(data.languages[0]),
        "description": data.description(),
        "identifier": data.release,
        "version": data.version,
        **published,
        "license": {"@id": data.license_url} if data.license else "No licence is declared.",
        "publisher": {"@id": "#publisher"},
        "creator": {"@id": "#publisher"},
        "keywords": data.basis,
        "conformsTo": _ids(PROFILES),
        "mainEntity": {"@id": contents.workflow},
        "mentions": _ids([_of_run("all"), *(_of_run(run.name) for run in contents.runs)]),
        "hasPart": _ids(sorted(contents.files)),
    }


def _publisher(data: Dataset) -> dict[str, Any]:
    return {"@id": "#publisher", "@type": "Organization", "name": data.publisher[data.languages[0]]}


def _profiles() -> list[dict[str, Any]]:
    return [
        {"@id": address, "@type": "CreativeWork", "name": name, "version": version}
        for address, (name, version) in PROFILES.items()
    ]


def _license(data: Dataset) -> list[dict[str, Any]]:
    if not data.license:
        return []
    return [{"@id": data.license_url, "@type": "CreativeWork", "name": data.license}]


def _file(path: str, contents: Contents) -> dict[str, Any]:
    """Return the entity of a file; the plan of the runs and the notebooks are programs too."""
    content = contents.files[path]
    described = {
        "@id": path,
        "@type": "File",
        "name": path.rpartition("/")[2],
        "encodingFormat": media_type(path),
        "contentSize": str(len(content)),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    if path == contents.workflow:
        kinds = ["File", "SoftwareSourceCode", "ComputationalWorkflow"]
        parts = _ids(sorted({run.source for run in contents.runs}))
        language = {"programmingLanguage": {"@id": LANGUAGE["@id"]}}
        return described | language | {"@type": kinds, "hasPart": parts}
    if path in {run.source for run in contents.runs}:
        return described | {"@type": ["File", "SoftwareSourceCode"]}
    return described


def _whole(data: Dataset, contents: Contents) -> dict[str, Any]:
    """Return the entity of the run of all notebooks."""
    made = sorted({name for run in contents.runs for name in run.results} & contents.files.keys())
    return {
        "@id": _of_run("all"),
        "@type": "CreateAction",
        "name": f"all runs of {data.release}",
        "description": data.description(),
        "instrument": {"@id": contents.workflow},
        "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
        "object": _ids(_id(name, contents) for name in contents.inputs),
        "result": _ids(made),
    }


def _action(run: Run, contents: Contents) -> dict[str, Any]:
    values = ", ".join(f"{key} = {value}" for key, value in run.parameters.items())
    return {
        "@id": _of_run(run.name),
        "@type": "CreateAction",
        "name": run.title,
        "description": f"Run of {run.source}" + (f" with {values}" if values else ""),
        "instrument": {"@id": run.source},
        "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
        "object": _ids(_id(name, contents) for name in run.inputs),
        "result": _ids(_id(name, contents) for name in run.results),
    }


def _unknown_sheet(contents: Contents) -> list[dict[str, Any]]:
    """Return the entities of data that runs read or made and the release does not hold."""
    named = {name for run in contents.runs for name in (*run.inputs, *run.results)}
    return [
        {
            "@id": _id(name, contents),
            "@type": "CreativeWork",
            "name": name,
            "description": OUTSIDE,
            **({"sha256": contents.inputs[name]} if name in contents.inputs else {}),
        }
        for name in sorted(named | contents.inputs.keys())
        if name not in contents.files
    ]


def _id(name: str, contents: Contents) -> str:
    return name if name in contents.files else f"#{name}"


def _of_run(name: str) -> str:
    return f"#run-{name}"


def _ids(names: Iterable[str]) -> list[dict[str, str]]:
    return [{"@id": name} for name in names]
