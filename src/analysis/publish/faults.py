"""Find unknown names in templates of prose, with the nearest known name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

from jinja2 import Environment, meta, nodes

from analysis.publish.prose import SHAPES
from analysis.survey.folders import REFERENCE
from analysis.survey.reference import missing_line, reference

PARSER = Environment()


def name_faults(text: str, known: Collection[str], indicators: Collection[str]) -> Iterator[str]:
    """Yield the unknown names of a template, and attributes that a number does not have.

    known: names that prose may use. indicators: names that have a number. Raises
    jinja2.TemplateSyntaxError if the text is not a template.
    """
    tree = PARSER.parse(text)
    for name in sorted(meta.find_undeclared_variables(tree) - set(known)):
        yield _unknown(name, known)
    for node in tree.find_all(nodes.Getattr):
        yield from _attribute(node, indicators)


def _attribute(node: nodes.Getattr, indicators: Collection[str]) -> Iterator[str]:
    """Check `city.x` and `county["…"].x` for indicators, and `x.y` for shapes."""
    owner = node.node
    base = owner.node if isinstance(owner, nodes.Getitem) else None
    if (isinstance(base, nodes.Name) and base.name == "county") or (
        isinstance(owner, nodes.Name) and owner.name == "city"
    ):
        if node.attr not in indicators:
            yield _unknown(node.attr, indicators)
    elif isinstance(owner, nodes.Name) and owner.name in indicators and node.attr not in SHAPES:
        yield f"{owner.name}.{node.attr}: a number has {', '.join(SHAPES)}"


def _unknown(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    wanted = f"add to {(REFERENCE / 'measures.csv').as_posix()} the line "
    return f"unknown name {name}; " + (
        f"did you mean {near[0]}?"
        if near
        else wanted + missing_line(reference("measures"), indicator=name)
    )
