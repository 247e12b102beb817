"""Where a master came from, as a graph: prompt runs, takes, uploads, arrangement versions, renders, the master.

Pure: reads entry bodies, knows no app. `graph` builds it, `layout` places it in layers; drawing is
`provenance/pictures`.
"""

from provenance.lineage.build import graph
from provenance.lineage.layout import Layout, PlacedEdge, PlacedNode, layout
from provenance.lineage.model import Edge, Lineage, Node, NodeKind, lineage_rows

__all__ = [
    "Edge",
    "Layout",
    "Lineage",
    "Node",
    "NodeKind",
    "PlacedEdge",
    "PlacedNode",
    "graph",
    "layout",
    "lineage_rows",
]
