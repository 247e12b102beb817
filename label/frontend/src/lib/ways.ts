/** What can be made of a recording: ways into the form of generation. The server's list is in generation/asking.py. */

import type { Arrangement, Clip } from "./arrangement";
import type { Stretch } from "./stretch";

export interface Way {
  readonly words: string;
  readonly mode: string;
  readonly role: string;
  /** Whether only a stretch of it may be meant. */
  readonly section: boolean;
}

const WAYS: readonly Way[] = [
  { words: "Replace", mode: "section_replacement", role: "source", section: true },
  { words: "Extend", mode: "continuation", role: "source", section: false },
  { words: "Take apart", mode: "stem_separation", role: "source", section: true },
  { words: "To notes", mode: "audio_to_notes", role: "source", section: true },
  { words: "More like this", mode: "style_reference", role: "reference", section: true },
  { words: "Add a part", mode: "parts", role: "source", section: true },
];

/** The stretch of the clip's own recording that lies under a range of the song, in ms; all that is heard without one. */
export function underRange(clip: Clip, range: readonly [number, number] | null, rate: number): Stretch | null {
  const from = Math.max(clip.start_samples, range?.[0] ?? clip.start_samples);
  const to = Math.min(clip.start_samples + clip.length_samples, range?.[1] ?? Infinity);
  if (to <= from) return null;
  const ms = (samples: number): number => Math.round(((samples - clip.start_samples + clip.offset_samples) * 1000) / rate);
  return [ms(from), ms(to)];
}

/** Links for a recording and a stretch of it; taken again as a whole where it is a take. */
export function waysFor(ref: string, form: string, part: Stretch | null): { words: string; href: string }[] {
  const found = WAYS.map(({ words, mode, role, section }) => {
    const query = new URLSearchParams({ mode, [role]: ref });
    if (section && part) {
      query.set("from", String(part[0]));
      query.set("to", String(part[1]));
    }
    return { words, href: `${form}?${query.toString()}` };
  });
  const [kind, id = ""] = ref.split(":");
  if (kind === "take") found.push({ words: "Again like this one", href: `${form}?${new URLSearchParams({ again: id }).toString()}` });
  return found;
}

/** `4 bars` or `3.5 s`: how long a range of the song is. */
export function lengthWords(document: Arrangement, samples: number, samplesPerBar: number): string {
  const bars = samples / samplesPerBar;
  const whole = Math.round(bars);
  if (whole >= 1 && Math.abs(bars - whole) < 0.02) return `${whole} ${whole === 1 ? "bar" : "bars"}`;
  return `${(samples / document.sample_rate_hz).toFixed(1)} s`;
}
