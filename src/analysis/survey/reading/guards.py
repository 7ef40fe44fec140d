"""Checks of a file before it is opened: regular, of limited size, complete, without links."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from analysis.survey.messages import (
    DAMAGED,
    DOCTYPE,
    ENCRYPTED,
    LINKED,
    NOT_A_WORKBOOK,
    NOT_REGULAR,
    PART_TWICE,
    TOO_LARGE,
    TOO_MANY_PARTS,
    Fault,
)
from analysis.survey.reading.package import NotAWorkbookError, Package, part_name

LARGEST = 200 * 2**20  # bytes of all members together, as the archive declares them
MEMBERS = 2000
DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ElementTree.ParseError,
)
OLE = b"\xd0\xcf\x11\xe0"  # an old .xls, or an encrypted .xlsx
PIECE = 2**20


def refusal(path: Path) -> Fault | None:
    """Return why a file must not be opened; None if it may.

    Every member is read once in pieces, to verify its declared size and checksum.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        return NOT_REGULAR.fault()
    if path.suffix.lower() == ".csv":
        return TOO_LARGE.fault(mb=LARGEST >> 20) if path.stat().st_size > LARGEST else None
    with path.open("rb") as file:
        if file.read(4) == OLE:
            return ENCRYPTED.fault()
    try:
        with zipfile.ZipFile(path) as archive:
            return _declared(archive) or _read_through(archive) or _related(archive)
    except (*DAMAGES, OSError, ValueError):
        return DAMAGED.fault()


def _declared(archive: zipfile.ZipFile) -> Fault | None:
    members = archive.infolist()
    names = Counter(part_name(member.filename) for member in members)
    if sum(member.file_size for member in members) > LARGEST:
        return TOO_LARGE.fault(mb=LARGEST >> 20)
    if len(members) > MEMBERS:
        return TOO_MANY_PARTS.fault(parts=len(members), most=MEMBERS)
    if max(names.values(), default=1) > 1:
        return PART_TWICE.fault()
    return None


def _related(archive: zipfile.ZipFile) -> Fault | None:
    """Return the fault in how the parts refer to each other; the parts have been verified."""
    try:
        package = Package(archive)
    except NotAWorkbookError:
        return NOT_A_WORKBOOK.fault()
    linked = any("/externallinks/" in f"/{name}" for name in package.members)
    return LINKED.fault() if linked or "externalLink" in package.parts else None


def _read_through(archive: zipfile.ZipFile) -> Fault | None:
    for member in archive.infolist():
        with archive.open(member) as part:
            piece = part.read(PIECE)
            if member.filename.lower().endswith((".xml", ".rels")) and b"<!DOCTYPE" in piece:
                return DOCTYPE.fault()
            while piece:
                piece = part.read(PIECE)
    return None
