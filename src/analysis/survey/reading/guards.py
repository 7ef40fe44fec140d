"""What a file must be before anything opens it: regular, of bearable size, whole, without links elsewhere."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from analysis.survey.reading.package import NotAWorkbookError, Package, part_name

LARGEST = 200 * 2**20  # bytes, all members together, as the archive declares them
MEMBERS = 2000
BROKEN = "无法打开 (cannot be opened): 文件已损坏，或不是 xlsx (damaged, or not .xlsx)"
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ElementTree.ParseError)
OLE = b"\xd0\xcf\x11\xe0"  # an old .xls, or an encrypted .xlsx
PIECE = 2**20
LINKED = "引用了其他文件 (links to other files)"


def refusal(path: Path) -> str:
    """Say why a file is not to be opened, in both languages; empty when it may be.

    Every member is read through once in pieces, so that what is declared, its size and checksum, is true.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        return "不是普通文件 (not a regular file)"
    if path.suffix.lower() == ".csv":
        return "文件过大 (too large)" if path.stat().st_size > LARGEST else ""
    with path.open("rb") as file:
        if file.read(4) == OLE:
            return "加密或旧格式的工作簿 (encrypted, or an old .xls)"
    try:
        with zipfile.ZipFile(path) as archive:
            return _declared(archive) or _read_through(archive) or _related(archive)
    except (*DAMAGED, OSError, ValueError):
        return BROKEN


def _declared(archive: zipfile.ZipFile) -> str:
    members = archive.infolist()
    names = Counter(part_name(member.filename) for member in members)
    if sum(member.file_size for member in members) > LARGEST:
        return f"内容超过{LARGEST >> 20}MB，文件过大 (too large: over {LARGEST >> 20} MB inside)"
    if len(members) > MEMBERS:
        return f"内含{len(members)}个部件，文件过大 (too large: over {MEMBERS} parts)"
    if max(names.values(), default=1) > 1:
        return "无法打开 (cannot be opened): 部件重名 (a part is there twice)"
    return ""


def _related(archive: zipfile.ZipFile) -> str:
    """Say what is wrong with how the parts refer to each other; they have been read through before."""
    try:
        package = Package(archive)
    except NotAWorkbookError:
        return "无法打开 (cannot be opened): 不是 xlsx 工作簿 (not an .xlsx workbook)"
    linked = any("/externallinks/" in f"/{name}" for name in package.members)
    return LINKED if linked or "externalLink" in package.parts else ""


def _read_through(archive: zipfile.ZipFile) -> str:
    for member in archive.infolist():
        with archive.open(member) as part:
            piece = part.read(PIECE)
            if member.filename.lower().endswith((".xml", ".rels")) and b"<!DOCTYPE" in piece:
                return "无法打开 (cannot be opened): 内含 DOCTYPE"
            while piece:
                piece = part.read(PIECE)
    return ""
