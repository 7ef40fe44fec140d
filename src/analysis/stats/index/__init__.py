"""The index of community service: definition, scores, variants and exchange with COINr."""

from analysis.stats.index.definition import cited, definition, measured
from analysis.stats.index.scores import aggregate, cut_off, normalise, scores

__all__ = ["aggregate", "cited", "cut_off", "definition", "measured", "normalise", "scores"]
