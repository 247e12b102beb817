"""The authorship stripe: tracks against time, every region filled with its origin's colour and pattern."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from provenance.authorship import RegionFinding
from provenance.elements import Origin, role_label
from provenance.pictures.palette import Palette, defs, paint, palette
from provenance.pictures.svg import fit, isolate, safe_href, tag, text_width, uid_of, words
from provenance.words import clock, join

LABELS: Final = 118
ROW: Final = 24
HEAD: Final = 18
FOOT: Final = 6
STEPS_MS: Final = (
    *(100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000),
    *(900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 28_800_000),
)
TICK_ROOM: Final = 74
EMPTY: Final = "No arrangement is on record for this sound, so there is nothing to show through time."


@dataclass(frozen=True, slots=True)
class StripeRow:
    """One region in words."""

    track: str
    role: str
    starts: str
    ends: str
    origin: Origin
    origins: str
    basis: str


def stripe_rows(regions: Iterable[RegionFinding]) -> list[StripeRow]:
    """The picture as a table, in the order of tracks and time."""
    rows = []
    for name, placed in _tracks(regions).items():
        for region in placed:
            rows.append(
                StripeRow(
                    track=clean_name(name[0], region.role),
                    role=role_label(region.role),
                    starts=clock(region.from_ms),
                    ends=clock(region.to_ms),
                    origin=region.origin,
                    origins=join(origin.label for origin in Origin if origin in region.origins),
                    basis=region.basis.label if region.basis else "no entry",
                )
            )
    return rows


def stripe(
    regions: Sequence[RegionFinding],
    *,
    duration_ms: int | None = None,
    title: str = "Authorship through time",
    width: int = 900,
    for_print: bool = False,
    href: Callable[[RegionFinding], str | None] | None = None,
    uid: str | None = None,
) -> str:
    """The stripe of a render or master. Without regions the picture says so.

    `duration_ms`: the sound's length, where it is longer than its last region. `href` gives a region's link.
    `uid` starts every id; by default it follows from the content, so give one where a picture stands twice.
    """
    colours = palette(for_print=for_print)
    prefix = uid or uid_of("stripe", title, width, duration_ms, for_print, *map(_facts, regions))
    tracks = _tracks(regions)
    length_ms = max([duration_ms or 0, *(region.to_ms for region in regions)])
    height = HEAD + ROW * len(tracks) + FOOT if tracks else 48
    if not tracks:
        body = tag(
            "text", words(EMPTY), x=0, y=28, font_size=13, font_family=colours.text, fill=colours.ink_2
        )
    else:
        scale = (width - LABELS - 1) / length_ms
        body = _ruler(length_ms, scale, height, colours) + "".join(
            _track(name, placed, HEAD + ROW * n, scale, colours, prefix, href)
            for n, (name, placed) in enumerate(tracks.items())
        )
    return tag(
        "svg",
        tag("title", words(title), id=f"{prefix}-t"),
        tag("desc", words(describe(regions, length_ms)), id=f"{prefix}-d"),
        defs(prefix, colours) if tracks else "",
        body,
        xmlns="http://www.w3.org/2000/svg",
        class_="picture picture-stripe",
        viewBox=f"0 0 {width} {height}",
        width=width if for_print else "100%",
        height=height if for_print else None,
        role="group" if href else "img",
        aria_labelledby=f"{prefix}-t",
        aria_describedby=f"{prefix}-d",
    )


def describe(regions: Sequence[RegionFinding], length_ms: int) -> str:
    """The stripe in one or two sentences."""
    tracks = _tracks(regions)
    if not tracks:
        return EMPTY
    by_origin: dict[Origin, dict[str, None]] = {}
    for (name, role), placed in tracks.items():
        for region in placed:
            by_origin.setdefault(region.origin, {})[isolate(clean_name(name, role))] = None
    said = [f"{o.label}: {join(list(by_origin[o]), limit=6)}" for o in Origin if o in by_origin]
    count = f"{len(tracks)} track" + ("s" if len(tracks) > 1 else "")
    return f"{count} over {clock(length_ms)}. {'; '.join(said)}."


def tick_step_ms(length_ms: int, room_px: float) -> int:
    """The time between two marks of the ruler: a round step that leaves every label its room."""
    return next((step for step in STEPS_MS if step * room_px / max(length_ms, 1) >= TICK_ROOM), STEPS_MS[-1])


def clean_name(name: str, role: str) -> str:
    return name.strip() or role_label(role)


def _facts(region: RegionFinding) -> tuple[str, str, int, int, str, str]:
    return (region.track, region.role, region.from_ms, region.to_ms, region.origin.value, region.asset)


def _tracks(regions: Iterable[RegionFinding]) -> dict[tuple[str, str], list[RegionFinding]]:
    tracks: dict[tuple[str, str], list[RegionFinding]] = {}
    for region in regions:
        tracks.setdefault((region.track, region.role), []).append(region)
    for placed in tracks.values():
        placed.sort(key=lambda region: (region.from_ms, region.to_ms, region.asset))
    return tracks


def _ruler(length_ms: int, scale: float, height: int, colours: Palette) -> str:
    step = tick_step_ms(length_ms, length_ms * scale)
    marks = []
    for at in range(0, length_ms + 1, step):
        x = LABELS + at * scale
        marks.append(tag("line", x1=x, x2=x, y1=14, y2=height - 2, stroke=colours.hair))
        label = clock(at, tenths=step < 1_000)
        if length_ms * scale - at * scale >= text_width(label, 10, mono=True) + 3:
            marks.append(
                tag(
                    "text",
                    label,
                    x=x + 3,
                    y=10,
                    font_size=10,
                    font_family=colours.mono,
                    fill=colours.ink_3,
                )
            )
    end = LABELS + length_ms * scale
    marks.append(tag("line", x1=end, x2=end, y1=14, y2=height - 2, stroke=colours.hair))
    return tag("g", *marks, aria_hidden="true")


def _track(
    name: tuple[str, str],
    placed: list[RegionFinding],
    y: float,
    scale: float,
    colours: Palette,
    uid: str,
    href: Callable[[RegionFinding], str | None] | None,
) -> str:
    shown = clean_name(*name)
    label = tag(
        "text",
        words(fit(shown, LABELS - 12, 12.5)),
        tag("title", words(shown)),
        x=0,
        y=y + 14,
        font_size=12.5,
        font_family=colours.text,
        fill=colours.ink_2,
    )
    lanes, count = _lanes(placed)
    thick = (ROW - 7) / count
    parts = [
        _region(region, shown, y + 2 + lane * thick, thick, scale, colours, uid, href)
        for region, lane in zip(placed, lanes, strict=True)
    ]
    return tag("g", label, *parts)


def _region(
    region: RegionFinding,
    track: str,
    y: float,
    thick: float,
    scale: float,
    colours: Palette,
    uid: str,
    href: Callable[[RegionFinding], str | None] | None,
) -> str:
    attributes = paint(region.origin, uid, colours)
    edge = 0.5 if region.origin is Origin.UNKNOWN else 0
    basis = region.basis.label if region.basis else "no entry"
    origins = join(origin.label for origin in Origin if origin in region.origins)
    said = region.origin.label + (f" ({origins})" if len(region.origins) > 1 else "")
    hint = f"{isolate(track)}, {clock(region.from_ms)} to {clock(region.to_ms)}: {said}, {basis}"
    shape = tag(
        "rect",
        tag("title", words(hint)),
        x=LABELS + region.from_ms * scale + edge,
        y=y + edge,
        width=max((region.to_ms - region.from_ms) * scale - 2 * edge, 1.5),
        height=max(thick - 2 * edge, 1),
        class_="region",
        data_origin=region.origin.value,
        **attributes,
    )
    link = safe_href(href(region)) if href else None
    return tag("a", shape, href=link, aria_label=hint) if link else shape


def _lanes(placed: list[RegionFinding]) -> tuple[list[int], int]:
    """Regions of different origin that sound at once share the row's height; a cross-fade of one origin does not."""
    lanes: list[int] = []
    busy: list[list[RegionFinding]] = []
    for region in placed:
        free = next(
            (
                n
                for n, others in enumerate(busy)
                if all(o.to_ms <= region.from_ms or o.origin is region.origin for o in others)
            ),
            len(busy),
        )
        if free == len(busy):
            busy.append([])
        busy[free] = [o for o in busy[free] if o.to_ms > region.from_ms] + [region]
        lanes.append(free)
    return lanes, max(len(busy), 1)
