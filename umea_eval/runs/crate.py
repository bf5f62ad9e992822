"""RO-Crate metadata beside each report: what it is, what made it, from what, as plain JSON-LD.

RO-Crate 1.1 (https://w3id.org/ro/crate/1.1) with a ``CreateAction`` as in the Process Run Crate
profile 0.5, so that archives and catalogues of research data read a report's folder without us.
The addresses in it are names of vocabularies: nothing is fetched.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from umea_eval.language import Language, text

FILE = "ro-crate-metadata.json"
# The checksum is a term of schema.org that RO-Crate 1.1 has not taken up.
CONTEXT = ("https://w3id.org/ro/crate/1.1/context", {"sha256": "http://schema.org/sha256"})
SPECIFICATION = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_FORMATS = {
    ".html": "text/html",
    ".csv": "text/csv",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def crate(manifest: Mapping[str, Any], language: Language) -> bytes:
    """The metadata file of a report, from its manifest."""
    files = {**manifest["files"], "manifest.json": None}
    made = [{"@id": name} for name in files]
    notebook = f"#notebook-{manifest['notebook_sha256']}"
    software = f"#umea_eval-{manifest['code']['sha256']}"
    inputs = [(f"#input-{entry['sha256']}", entry) for entry in manifest["inputs"]]
    parameters = [
        (f"#parameter-{name}", name, value) for name, value in manifest["parameters"].items()
    ]
    entities: list[dict[str, Any]] = [
        {
            "@id": FILE,
            "@type": "CreativeWork",
            "conformsTo": {"@id": SPECIFICATION},
            "about": {"@id": "./"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "conformsTo": {"@id": PROFILE},
            "name": _title(manifest, language),
            "description": text("runs.crate.description", language, notebook=manifest["notebook"]),
            "datePublished": manifest["started"],
            "inLanguage": language,
            "license": text("runs.crate.license", language),
            "hasPart": made,
            "mainEntity": {"@id": "report.html"},
            "mentions": {"@id": "#run"},
        },
        {
            "@id": PROFILE,
            "@type": "CreativeWork",
            "name": "Process Run Crate",
            "version": "0.5",
        },
        {
            "@id": "#run",
            "@type": "CreateAction",
            "name": text("runs.crate.run", language, notebook=manifest["notebook"]),
            "description": text("runs.crate.description", language, notebook=manifest["notebook"]),
            "endTime": manifest["started"],
            "instrument": {"@id": notebook},
            "object": [{"@id": each[0]} for each in (*inputs, *parameters)],
            "result": made,
        },
        {
            "@id": notebook,
            "@type": ["SoftwareSourceCode", "SoftwareApplication"],
            "name": f"{manifest['notebook']}.ipynb",
            "version": manifest["notebook_sha256"],
            "sha256": manifest["notebook_sha256"],
            "softwareRequirements": {"@id": software},
        },
        {
            "@id": software,
            "@type": "SoftwareApplication",
            "name": "umea_eval",
            "softwareVersion": f"{manifest['code']['version']} ({manifest['code']['sha256']})",
            "softwareRequirements": f"Python {manifest['python']}",
        },
        *(_file(name, facts) for name, facts in files.items()),
        *(
            {
                "@id": identity,
                "@type": "CreativeWork",
                "name": entry["path"],
                "sha256": entry["sha256"],
                "contentSize": str(entry["size"]),
            }
            for identity, entry in inputs
        ),
        *(
            {"@id": identity, "@type": "PropertyValue", "name": name, "value": value}
            for identity, name, value in parameters
        ),
    ]
    unique = {entity["@id"]: entity for entity in entities}  # two inputs may be the same bytes
    graph = {"@context": CONTEXT, "@graph": list(unique.values())}
    return (json.dumps(graph, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _title(manifest: Mapping[str, Any], language: Language) -> str:
    banner = text("report.banner", language) + " | " if manifest["example"] else ""
    return banner + str(manifest["title"])


def _file(name: str, facts: Mapping[str, Any] | None) -> dict[str, Any]:
    entity: dict[str, Any] = {
        "@id": name,
        "@type": "File",
        "name": PurePosixPath(name).name,
        "encodingFormat": _FORMATS.get(PurePosixPath(name).suffix, "application/octet-stream"),
    }
    if facts is not None:
        entity |= {"sha256": facts["sha256"], "contentSize": str(facts["size"])}
    return entity
