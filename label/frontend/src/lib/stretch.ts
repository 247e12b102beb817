/** A stretch of a recording in milliseconds: from, to. */

export type Stretch = readonly [number, number];

/** `"12000,18000"` as a stretch; anything else is none. */
export function stretch(text: string | null): Stretch | null {
  const parts = (text ?? "").split(",").map(Number);
  const [from, to] = parts;
  return parts.length === 2 && from !== undefined && to !== undefined && from >= 0 && to > from ? [from, to] : null;
}

export const ordered = (a: number, b: number): Stretch => (a <= b ? [a, b] : [b, a]);

/** What of it lies inside of `all` milliseconds; none where nothing is left. */
export function within(part: Stretch, all: number): Stretch | null {
  const from = Math.max(0, part[0]);
  const to = Math.min(all, part[1]);
  return to - from >= 1 ? [from, to] : null;
}

/** `1:02.5`, as forms of this house read a moment. */
export function moment(milliseconds: number): string {
  const tenths = Math.floor(milliseconds / 100 + 1e-6); // never past the end of what is there
  const minutes = Math.floor(tenths / 600);
  const rest = tenths - minutes * 600;
  return `${minutes}:${String(Math.floor(rest / 10)).padStart(2, "0")}.${rest % 10}`;
}

/** `1:02.5` or `62.5` as milliseconds; anything else is none. */
export function readMoment(text: string): number | null {
  const found = /^(?:(\d{1,3}):)?(\d{1,5}(?:[.,]\d{1,3})?)$/.exec(text.trim());
  return found ? Number(found[1] ?? 0) * 60_000 + Math.round(Number((found[2] ?? "0").replace(",", ".")) * 1000) : null;
}

/** An address into a form of generation, with the stretch that is meant. */
export function withStretch(href: string, part: Stretch | null): string {
  const [path = "", query = ""] = href.split("?");
  const words = new URLSearchParams(query);
  words.delete("from");
  words.delete("to");
  if (part) {
    words.set("from", String(Math.round(part[0])));
    words.set("to", String(Math.round(part[1])));
  }
  return `${path}?${words.toString()}`;
}
