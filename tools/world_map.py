"""Draws the dashboard's map: `python -m tools.world_map` fetches Natural Earth, writes world.json.

The data is pinned as the vendored JavaScript is; it is in the public domain, and packaged by
world-atlas. What is written is a picture and no atlas: a few points for each country, in whole
units of a box, by ISO 3166 code; countries too small to be seen are dots.
"""

import json
import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from tools.vendor_js import Package, fetch, member


WORLD = Path(__file__).parent.parent / "static_site" / "assets" / "world.json"
ATLAS = Package(
    "world-atlas",
    "2.0.2",
    "ISC",
    "",
    "sha512-IXfV0qwlKXpckz1FhwXVwKRjiIhOnWttOskm5CtxMsjgE/MXAYRHWJqgXOpM8IkcPBoXnyTU5lFHcYa5ChG0LQ==",
    (),
)
WIDTH = 2000  # of the box; heights follow
ROUGH = 1.1  # how far a simplified line may be from the true one, in units
SEEN = 12  # a ring smaller than so many square units is not drawn
DOT = 60  # a country smaller than so many square units is a dot
EDGE = -169
SOUTH = -58  # Antarctica, from where nobody clicks, would be a third of the picture

# ISO 3166-1: the numbers that the atlas has, and the letters that logs have.
CODES = """
004AF 008AL 010AQ 012DZ 016AS 020AD 024AO 028AG 031AZ 032AR 036AU 040AT 044BS 048BH 050BD
051AM 052BB 056BE 060BM 064BT 068BO 070BA 072BW 074BV 076BR 084BZ 086IO 090SB 092VG 096BN
100BG 104MM 108BI 112BY 116KH 120CM 124CA 132CV 136KY 140CF 144LK 148TD 152CL 156CN 158TW
162CX 166CC 170CO 174KM 175YT 178CG 180CD 184CK 188CR 191HR 192CU 196CY 203CZ 204BJ 208DK
212DM 214DO 218EC 222SV 226GQ 231ET 232ER 233EE 234FO 238FK 239GS 242FJ 246FI 248AX 250FR
254GF 258PF 260TF 262DJ 266GA 268GE 270GM 275PS 276DE 288GH 292GI 296KI 300GR 304GL 308GD
312GP 316GU 320GT 324GN 328GY 332HT 334HM 336VA 340HN 344HK 348HU 352IS 356IN 360ID 364IR
368IQ 372IE 376IL 380IT 384CI 388JM 392JP 398KZ 400JO 404KE 408KP 410KR 414KW 417KG 418LA
422LB 426LS 428LV 430LR 434LY 438LI 440LT 442LU 446MO 450MG 454MW 458MY 462MV 466ML 470MT
474MQ 478MR 480MU 484MX 492MC 496MN 498MD 499ME 500MS 504MA 508MZ 512OM 516NA 520NR 524NP
528NL 531CW 533AW 534SX 535BQ 540NC 548VU 554NZ 558NI 562NE 566NG 570NU 574NF 578NO 580MP
581UM 583FM 584MH 585PW 586PK 591PA 598PG 600PY 604PE 608PH 612PN 616PL 620PT 624GW 626TL
630PR 634QA 638RE 642RO 643RU 646RW 652BL 654SH 659KN 660AI 662LC 663MF 666PM 670VC 674SM
678ST 682SA 686SN 688RS 690SC 694SL 702SG 703SK 704VN 705SI 706SO 710ZA 716ZW 724ES 728SS
729SD 732EH 740SR 744SJ 748SZ 752SE 756CH 760SY 762TJ 764TH 768TG 772TK 776TO 780TT 784AE
788TN 792TR 795TM 796TC 798TV 800UG 804UA 807MK 818EG 826GB 831GG 832JE 833IM 834TZ 840US
850VI 854BF 858UY 860UZ 862VE 876WF 882WS 887YE 894ZM
"""
# What the atlas has without a number.
NAMED = {"Kosovo": "XK", "Somaliland": "SO", "N. Cyprus": "CY", "Indian Ocean Ter.": "CX"}
# What it draws as part of another country: west, south, east, north.
PARTS = {
    "GF": (-55, 2, -51, 6),
    "GP": (-62, 15.8, -61, 16.6),
    "MQ": (-61.3, 14.3, -60.7, 15),
    "RE": (55, -21.5, 56, -20.8),
    "YT": (44.9, -13.1, 45.4, -12.5),
    "SJ": (10, 74, 35, 81),
}
# What it does not draw.
PLACES = {
    "GI": (-5.35, 36.14),
    "BQ": (-68.27, 12.18),
    "TV": (179.2, -8.5),
    "TK": (-171.8, -9.2),
    "CC": (96.83, -12.17),
}
Point = tuple[float, float]
Ring = list[Point]


def project(longitude: float, latitude: float) -> Point:
    """Where a place is in Miller's cylinder: Europe is not as small as it is, nor Greenland as big.

    The edge of the picture is in the Bering Strait, where it cuts no country.
    """
    east = longitude + 360 if longitude < EDGE else longitude
    x = math.radians(east - EDGE - 180)
    y = 1.25 * math.log(math.tan(math.pi / 4 + 0.4 * math.radians(latitude)))
    return x * WIDTH / math.tau, -y * WIDTH / math.tau


def simplify(points: Sequence[Point], rough: float = ROUGH) -> list[Point]:
    """Fewer points, none further than that from the line (Douglas and Peucker)."""
    if len(points) < 3:
        return list(points)
    first, last = points[0], points[-1]
    far, at = max((_distance(point, first, last), at) for at, point in enumerate(points[1:-1], 1))
    # A line that ends where it begins is an island: it keeps a third point whatever it is like.
    if far <= rough and first != last:
        return [first, last]
    return simplify(points[: at + 1], rough)[:-1] + simplify(points[at:], rough)


def _distance(point: Point, first: Point, last: Point) -> float:
    (x, y), (x1, y1), (x2, y2) = point, first, last
    long = math.hypot(x2 - x1, y2 - y1)
    if long == 0:
        return math.hypot(x - x1, y - y1)
    return abs((x2 - x1) * (y1 - y) - (x1 - x) * (y2 - y1)) / long


def size_of(ring: Sequence[Point]) -> float:
    """The area of a ring, in square units."""
    pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2


def middle_of(ring: Sequence[Point]) -> Point:
    """The middle of a ring's box."""
    xs, ys = [x for x, _ in ring], [y for _, y in ring]
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


def width_of(ring: Sequence[Point]) -> float:
    """How wide it is; an islet across the edge of the picture is as wide as that."""
    return max(x for x, _ in ring) - min(x for x, _ in ring)


def read_arcs(atlas: Any) -> list[list[Point]]:
    """The lines that countries are made of, each once: neighbours share a simplified border."""
    (scale_x, scale_y), (move_x, move_y) = atlas["transform"].values()
    arcs = []
    for arc in atlas["arcs"]:
        x = y = 0
        line = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            line.append((x * scale_x + move_x, y * scale_y + move_y))
        arcs.append(line)
    return arcs


def join(arcs: Sequence[Sequence[Point]], numbers: Sequence[int]) -> Ring:
    """A ring of arcs; a number below zero is an arc the other way round."""
    ring: Ring = []
    for number in numbers:
        line = arcs[number] if number >= 0 else arcs[~number][::-1]
        ring += line[1:] if ring else line
    return ring


def code_of(country: Any, place: Point, codes: dict[str, str]) -> str:
    """The letters of a country, or of its part that lies elsewhere; empty for none."""
    code = codes.get(country.get("id", ""), "") or NAMED.get(country["properties"]["name"], "")
    for part, (west, south, east, north) in PARTS.items():
        inside = west <= place[0] <= east and south <= place[1] <= north
        if inside and code in ("FR", "NO"):
            return part
    return code


def rings_of(atlas: Any) -> Iterator[tuple[str, Ring]]:
    """The outer rings of all countries, projected and simplified, with their letters."""
    codes = {word[:3]: word[3:] for word in CODES.split()}
    arcs = read_arcs(atlas)
    drawn = [simplify([project(*point) for point in arc]) for arc in arcs]
    for country in atlas["objects"]["countries"]["geometries"]:
        every = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
        for polygon in every:
            place = middle_of(join(arcs, polygon[0]))
            ring = join(drawn, polygon[0])
            if place[1] > SOUTH and width_of(ring) < WIDTH / 2:
                yield code_of(country, place, codes), ring


def path_of(rings: Sequence[Ring], top: float) -> str:
    """Rings as an SVG path in whole, relative units."""
    return "".join(_path(ring, top) for ring in rings)


def _path(ring: Ring, top: float) -> str:
    points = [(round(x + WIDTH / 2), round(y - top)) for x, y in ring[:-1]]
    pairs = pairwise(points)
    steps = [(x2 - x1, y2 - y1) for (x1, y1), (x2, y2) in pairs if (x1, y1) != (x2, y2)]
    line = " ".join(f"{x} {y}" for x, y in steps).replace(" -", "-")
    return f"M{points[0][0]} {points[0][1]}l{line}z"


def draw(atlas: Any) -> dict[str, Any]:
    """The picture: {width, height, shapes: {code: path}, dots: {code: [x, y]}}."""
    found: dict[str, list[Ring]] = {}
    for code, ring in rings_of(atlas):
        if code:
            found.setdefault(code, []).append(ring)
    heights = [y for rings in found.values() for ring in rings for _, y in ring]
    top, bottom = min(heights), max(heights)
    shapes, dots = {}, {code: project(*place) for code, place in PLACES.items()}
    # The big ones first: what lies within another country is drawn over it.
    for code, rings in sorted(found.items(), key=lambda pair: -max(map(size_of, pair[1]))):
        biggest = max(rings, key=size_of)
        if size_of(biggest) < DOT:
            dots[code] = middle_of(biggest)
        if size_of(biggest) >= SEEN:
            shapes[code] = path_of([ring for ring in rings if size_of(ring) >= SEEN], top)
    return {
        "width": WIDTH,
        "height": math.ceil(bottom - top),
        "shapes": shapes,
        "dots": {
            code: [round(x + WIDTH / 2), round(y - top)] for code, (x, y) in sorted(dots.items())
        },
    }


def main() -> int:
    """The command's exit code."""
    with tempfile.TemporaryDirectory() as temporary:
        tarball = fetch(ATLAS, Path(temporary))
        atlas = json.loads(member(tarball, "countries-50m.json"))
    WORLD.write_text(json.dumps(draw(atlas), separators=(",", ":")) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
