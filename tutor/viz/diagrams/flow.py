"""flow: tensors left to right, values going forward, gradients coming back."""

from __future__ import annotations

from tutor.viz.diagrams.blocks import Block, Kind, Options, Tensor, beside, parts, tensor
from tutor.viz.model import Picture, Span


def _draw(options: Options, width: int, _step: int | None) -> Picture:
    tensors = [_node(text) for text in options["nodes"].split("|")]
    edges = parts(options["edges"])
    if len(edges) != len(tensors) - 1:
        raise ValueError(
            f"The diagram flow has {len(tensors)} nodes and {len(edges)} edges: it needs one edge between two nodes."
        )
    arrows = [_arrow(edge, f"grad_{node.name}") for edge, node in zip(edges, tensors, strict=False)]
    rows: list[list[Block]] = [[]]
    for place, node in enumerate(tensors):
        # A box is kept with the arrow that leaves it, so a row that breaks off says where it goes.
        kept = [_box(node), *arrows[place : place + 1]]
        if rows[-1] and sum(part.width for part in [*rows[-1], *kept]) > width:
            rows.append([_STUB])
        rows[-1] += kept
    picture = [line for row in rows for line in beside(row)]
    legend = (Span("━━▸", "curve"), Span(" forward    ", "dim"), Span("◂╌╌", "curve2"), Span(" gradient", "dim"))
    return (*picture, legend) if edges else tuple(picture)


def _node(text: str) -> Tensor:
    name, colon, shape = text.partition(":")
    node = tensor(f"{name}{shape}")
    if not colon or node is None:
        raise ValueError(f"A node of the diagram flow reads name:(shape), for example x:(N, 4), not {text.strip()!r}.")
    return node


def _box(node: Tensor) -> Block:
    inner = max(len(node.name), len(node.shape_text)) + 2
    return Block(
        inner + 2,
        (
            (Span(f"┌{'─' * inner}┐", "axis"),),
            (Span("│", "axis"), Span(node.name.center(inner), "bright"), Span("│", "axis")),
            (Span("│", "axis"), Span(node.shape_text.center(inner), "label"), Span("│", "axis")),
            (Span(f"└{'─' * inner}┘", "axis"),),
        ),
    )


def _arrow(edge: str, gradient: str) -> Block:
    inner = max(len(edge), len(gradient)) + 2
    return Block(
        inner + 2,
        (
            (Span(edge.center(inner + 2)),),
            (Span(f" {'━' * (inner - 1)}▸ ", "curve"),),
            (Span(f" ◂{'╌' * (inner - 1)} ", "curve2"),),
            (Span(gradient.center(inner + 2)),),
        ),
    )


# Where a row goes on from the one above it; indented, so that it reads so.
_STUB = Block(6, ((Span(" " * 6),), (Span("   ━▸ ", "curve"),), (Span("   ◂╌ ", "curve2"),), (Span(" " * 6),)))

KIND = Kind(("nodes", "edges"), (), _draw)
