"""Validate an RO-Crate with roc-validator in its own environment (see requirements.in).

Usage: validate.py FOLDER PROFILE; exit 0 if all required checks pass, else 1 with the findings.
Nothing is downloaded: the JSON-LD context of RO-Crate 1.1, to which the crate refers, is that of
the package rocrate.
"""

import io
import sys
from pathlib import Path

import requests
import rocrate
from requests.adapters import BaseAdapter
from rocrate_validator import models, services
from rocrate_validator.utils.document_loader import install_document_loader

CONTEXTS = {
    "https://w3id.org/ro/crate/1.1/context": Path(rocrate.__file__).parent / "data/ro-crate.jsonld"
}


class Local(BaseAdapter):
    """Answers for the contexts, and with 404 for any other address."""

    def send(self, request, **_options):
        response = requests.Response()
        path = CONTEXTS.get(request.url)
        response.status_code, response.url, response.request = (
            200 if path else 404,
            request.url,
            request,
        )
        response.headers["Content-Type"] = "application/ld+json"
        response.raw = io.BytesIO(path.read_bytes() if path else b"")
        return response

    def close(self):
        pass


def main(folder: str, profile: str) -> int:
    requests.Session.get_adapter = lambda _session, url: Local()
    install_document_loader()
    settings = services.ValidationSettings(
        rocrate_uri=models.URI(folder),
        profile_identifier=profile,
        requirement_severity=models.Severity.REQUIRED,
        no_cache=True,
        skip_availability_check=True,
    )
    result = services.validate(settings)
    for issue in result.get_issues():
        print(f"{issue.check.identifier}: {issue.message}")
    print(f"{len(result.executed_checks)} checks")
    return int(result.has_issues())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
