"""Find the parts of a workbook by its relations, and rename them as calamine expects."""

from __future__ import annotations

import io
import posixpath
import zipfile
from typing import NamedTuple
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

# where calamine looks for them
USUAL, USUAL_RELATIONS = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")
PLACES = {"sharedStrings": "xl/sharedStrings.xml", "styles": "xl/styles.xml"}
TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
ROOT = f'<Relationship Id="rId1" Type="{TYPE}officeDocument" Target="{USUAL}"/>'


class NotAWorkbookError(ValueError):
    """Raised if the relations of a package do not lead to a workbook."""


def part_name(name: str) -> str:
    """Return the normalised name of a part: forward slashes, lower case, relative to root."""
    return posixpath.normpath(name.replace("\\", "/")).lstrip("/").lower()


def local(tag: str) -> str:
    """Return the name of a tag or attribute without its namespace."""
    return tag.rpartition("}")[2]


class Relation(NamedTuple):
    """One relation: last part of its type, id, part referred to, and target as written."""

    kind: str
    identity: str
    part: str
    target: str


class Package:
    """Parts of an open archive; NotAWorkbookError if its relations lead to no workbook.

    workbook: member of the archive. sheets: attributes and member of each, in order. parts: member
    by the kind of relation, such as `styles`.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.members = {part_name(name): name for name in archive.namelist()}
        roots = [one.part for one in self.relations("") if one.kind == "officeDocument"]
        self.workbook = self.members.get(roots[0], "") if roots else ""
        if not self.workbook:
            raise NotAWorkbookError
        self.related = self.relations(self.workbook)
        self.parts = {one.kind: self.members.get(one.part, "") for one in self.related}
        self.tree = ElementTree.fromstring(archive.read(self.workbook))
        by_id = {one.identity: self.members.get(one.part, "") for one in self.related}
        found = [one.attrib for one in self.tree.iter() if local(one.tag) == "sheet"]
        self.sheets = [(one, by_id.get(_relation_id(one), "")) for one in found]

    def relations(self, member: str) -> list[Relation]:
        """Return the relations of a member to other parts; without a member, the package's."""
        folder, name = posixpath.split(part_name(member)) if member else ("", "")
        relations = self.members.get(posixpath.join(folder, "_rels", f"{name}.rels"))
        if relations is None:
            return []
        rows = [one.attrib for one in ElementTree.fromstring(self.archive.read(relations))]
        return [
            Relation(
                row.get("Type", "").rpartition("/")[2],
                row.get("Id", ""),
                part_name(posixpath.join("/", folder, row["Target"].replace("\\", "/"))),
                row["Target"],
            )
            for row in rows
            if "Target" in row and row.get("TargetMode") != "External"
        ]

    def read(self, member: str) -> bytes:
        """Return the bytes of a member; empty if it does not exist."""
        return self.archive.read(member) if member else b""

    @property
    def as_usual(self) -> bool:
        """Return whether every part that is read has exactly the name that calamine expects."""
        names = set(self.archive.namelist())
        read = [one for one in self.related if one.kind in ("worksheet", *PLACES)]
        written = [
            posixpath.normpath(posixpath.join("/xl", one.target)).lstrip("/") for one in read
        ]
        elsewhere = [place for kind, place in PLACES.items() if self.parts.get(kind, "") != place]
        return (
            self.workbook == USUAL
            and names.issuperset([USUAL_RELATIONS, *written])
            and not any(part_name(place) in self.members for place in elsewhere)
        )

    def laid_out(self) -> io.BytesIO:
        """Return a new archive with the workbook, its sheets, strings and styles renamed."""
        moved = {
            member: f"xl/worksheets/sheet{n}.xml"
            for n, (_, member) in enumerate(self.sheets, 1)
            if member
        }
        moved |= {self.parts[kind]: place for kind, place in PLACES.items() if self.parts.get(kind)}
        lines = [
            f"<Relationship Id={quoteattr(identity)} Type={quoteattr(TYPE + kind)} "
            f"Target={quoteattr('/' + moved[self.members[part]])}/>"
            for kind, identity, part, _ in self.related
            if self.members.get(part) in moved
        ]
        copy = io.BytesIO()
        with zipfile.ZipFile(copy, "w") as archive:
            archive.writestr(USUAL, self.archive.read(self.workbook))
            archive.writestr("_rels/.rels", RELATIONS.format(ROOT))
            archive.writestr(USUAL_RELATIONS, RELATIONS.format("".join(lines)))
            for member, place in moved.items():
                archive.writestr(place, self.archive.read(member))
        copy.seek(0)
        return copy


def _relation_id(attributes: dict[str, str]) -> str:
    return next((value for name, value in attributes.items() if local(name) == "id"), "")
