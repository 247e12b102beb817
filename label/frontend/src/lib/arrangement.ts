/** The arrangement document (version 1) and its edits, as pure functions. All times are samples at the document's rate. */

export interface Clip {
  readonly id: string;
  readonly asset: string;
  readonly name: string;
  readonly start_samples: number;
  readonly offset_samples: number;
  readonly length_samples: number;
  readonly gain_millibel: number;
  readonly fade_in_samples: number;
  readonly fade_out_samples: number;
  readonly mute: boolean;
}

export interface Track {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly gain_millibel: number;
  readonly pan_percent: number;
  readonly mute: boolean;
  readonly clips: readonly Clip[];
}

export interface Arrangement {
  readonly v: 1;
  readonly sample_rate_hz: number;
  readonly tempo_milli_bpm: number;
  readonly metre: string;
  readonly tracks: readonly Track[];
}

export const ROLES = ["lead_vocal", "backing_vocal", "lead", "keys", "guitar", "strings", "pads", "bass", "drums", "percussion", "effects", "full_mix", "other"] as const;
export const GAIN_MILLIBEL = [-9600, 2400] as const;
const SHORTEST_CLIP_S = 0.02;

export const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));

export function findClip(document: Arrangement, id: string): { track: Track; clip: Clip } | null {
  for (const track of document.tracks) {
    const clip = track.clips.find((candidate) => candidate.id === id);
    if (clip) return { track, clip };
  }
  return null;
}

export function lengthSamples(document: Arrangement): number {
  return Math.max(0, ...document.tracks.flatMap((track) => track.clips.map((clip) => clip.start_samples + clip.length_samples)));
}

/** The next free `c12` or `t3`. */
export function freeId(prefix: "c" | "t", document: Arrangement): string {
  const taken = new Set(prefix === "t" ? document.tracks.map((track) => track.id) : document.tracks.flatMap((track) => track.clips.map((clip) => clip.id)));
  let number = taken.size + 1;
  while (taken.has(`${prefix}${number}`)) number++;
  return `${prefix}${number}`;
}

const ordered = (clips: readonly Clip[]): Clip[] => [...clips].sort((a, b) => a.start_samples - b.start_samples || (a.id < b.id ? -1 : 1));

function withTracks(document: Arrangement, change: (track: Track) => Track): Arrangement {
  return { ...document, tracks: document.tracks.map(change) };
}

/** Fades that fit: none below 0, together no longer than the clip; the later change gives way. */
function sound(clip: Clip): Clip {
  const length = Math.max(1, Math.round(clip.length_samples));
  const fadeIn = clamp(Math.round(clip.fade_in_samples), 0, length);
  return {
    ...clip,
    start_samples: Math.max(0, Math.round(clip.start_samples)),
    offset_samples: Math.max(0, Math.round(clip.offset_samples)),
    length_samples: length,
    gain_millibel: clamp(Math.round(clip.gain_millibel), ...GAIN_MILLIBEL),
    fade_in_samples: fadeIn,
    fade_out_samples: clamp(Math.round(clip.fade_out_samples), 0, length - fadeIn),
  };
}

export function updateClip(document: Arrangement, id: string, change: Partial<Omit<Clip, "id">>): Arrangement {
  return withTracks(document, (track) => (track.clips.some((clip) => clip.id === id) ? { ...track, clips: ordered(track.clips.map((clip) => (clip.id === id ? sound({ ...clip, ...change }) : clip))) } : track));
}

export function addClip(document: Arrangement, trackId: string, clip: Omit<Clip, "id">): { document: Arrangement; id: string } {
  const id = freeId("c", document);
  return { id, document: withTracks(document, (track) => (track.id === trackId ? { ...track, clips: ordered([...track.clips, sound({ ...clip, id })]) } : track)) };
}

export function removeClip(document: Arrangement, id: string): Arrangement {
  return withTracks(document, (track) => (track.clips.some((clip) => clip.id === id) ? { ...track, clips: track.clips.filter((clip) => clip.id !== id) } : track));
}

export function moveClip(document: Arrangement, id: string, startSamples: number, trackId?: string): Arrangement {
  const found = findClip(document, id);
  if (!found) return document;
  const moved = sound({ ...found.clip, start_samples: startSamples });
  if (!trackId || trackId === found.track.id || !document.tracks.some((track) => track.id === trackId)) return updateClip(document, id, { start_samples: startSamples });
  return withTracks(removeClip(document, id), (track) => (track.id === trackId ? { ...track, clips: ordered([...track.clips, moved]) } : track));
}

const shortest = (document: Arrangement): number => Math.max(1, Math.round(SHORTEST_CLIP_S * document.sample_rate_hz));

/** Moves the left edge; what is heard stays where it is. Stops at the asset's beginning and before the right edge. */
export function trimStart(document: Arrangement, id: string, startSamples: number): Arrangement {
  const clip = findClip(document, id)?.clip;
  if (!clip) return document;
  const earliest = Math.max(0, clip.start_samples - clip.offset_samples);
  const latest = clip.start_samples + clip.length_samples - Math.min(shortest(document), clip.length_samples);
  const by = clamp(Math.round(startSamples), earliest, latest) - clip.start_samples;
  const length = clip.length_samples - by;
  return updateClip(document, id, { start_samples: clip.start_samples + by, offset_samples: clip.offset_samples + by, length_samples: length, fade_in_samples: Math.min(clip.fade_in_samples, length) });
}

/** Moves the right edge, no further than the asset goes (`assetSamples`, when it is known). */
export function trimEnd(document: Arrangement, id: string, endSamples: number, assetSamples?: number): Arrangement {
  const clip = findClip(document, id)?.clip;
  if (!clip) return document;
  const longest = assetSamples ? Math.max(1, assetSamples - clip.offset_samples) : Infinity;
  const length = clamp(Math.round(endSamples) - clip.start_samples, Math.min(shortest(document), clip.length_samples), longest);
  return updateClip(document, id, { length_samples: length, fade_in_samples: Math.min(clip.fade_in_samples, length), fade_out_samples: Math.min(clip.fade_out_samples, Math.max(0, length - clip.fade_in_samples)) });
}

/** Two clips out of one, without an audible seam: the outer fades stay, none is put at the cut. */
export function splitClip(document: Arrangement, id: string, atSamples: number): { document: Arrangement; id: string } | null {
  const found = findClip(document, id);
  if (!found) return null;
  const { clip, track } = found;
  const at = Math.round(atSamples) - clip.start_samples;
  if (at < shortest(document) || clip.length_samples - at < shortest(document)) return null;
  const left = updateClip(document, id, { length_samples: at, fade_in_samples: Math.min(clip.fade_in_samples, at), fade_out_samples: 0 });
  const rest = clip.length_samples - at;
  return addClip(left, track.id, { ...clip, start_samples: clip.start_samples + at, offset_samples: clip.offset_samples + at, length_samples: rest, fade_in_samples: 0, fade_out_samples: Math.min(clip.fade_out_samples, rest) });
}

export function addTrack(document: Arrangement, name: string, role: string): { document: Arrangement; id: string } {
  const id = freeId("t", document);
  const track: Track = { id, name, role: (ROLES as readonly string[]).includes(role) ? role : "other", gain_millibel: 0, pan_percent: 0, mute: false, clips: [] };
  return { id, document: { ...document, tracks: [...document.tracks, track] } };
}

export function updateTrack(document: Arrangement, id: string, change: Partial<Pick<Track, "name" | "role" | "gain_millibel" | "pan_percent" | "mute">>): Arrangement {
  return withTracks(document, (track) => {
    if (track.id !== id) return track;
    const next = { ...track, ...change };
    return { ...next, gain_millibel: clamp(Math.round(next.gain_millibel), ...GAIN_MILLIBEL), pan_percent: clamp(Math.round(next.pan_percent), -100, 100) };
  });
}

export function removeTrack(document: Arrangement, id: string): Arrangement {
  return { ...document, tracks: document.tracks.filter((track) => track.id !== id) };
}

export function moveTrack(document: Arrangement, id: string, by: -1 | 1): Arrangement {
  const tracks = [...document.tracks];
  const at = tracks.findIndex((track) => track.id === id);
  const other = tracks[at + by];
  const mine = tracks[at];
  if (!mine || !other) return document;
  tracks[at] = other;
  tracks[at + by] = mine;
  return { ...document, tracks };
}

export interface Grid {
  readonly samplesPerBeat: number;
  readonly beatsPerBar: number;
}

/** Beats are the metre's beat unit; the tempo counts quarters. */
export function gridOf(document: Arrangement): Grid {
  const [beats = 4, unit = 4] = document.metre.split("/").map(Number);
  const quarter = (document.sample_rate_hz * 60_000) / document.tempo_milli_bpm;
  return { samplesPerBeat: (quarter * 4) / unit, beatsPerBar: beats };
}

export type Snap = "bar" | "beat" | "half" | "off";

export function snapUnit(document: Arrangement, snap: Snap): number {
  const { samplesPerBeat, beatsPerBar } = gridOf(document);
  return { bar: samplesPerBeat * beatsPerBar, beat: samplesPerBeat, half: samplesPerBeat / 2, off: document.sample_rate_hz / 100 }[snap];
}

export function snapTo(document: Arrangement, samples: number, snap: Snap): number {
  if (snap === "off") return Math.max(0, Math.round(samples));
  const unit = snapUnit(document, snap);
  return Math.max(0, Math.round(Math.round(samples / unit) * unit));
}

/** `13.2`: bar and beat, both from 1. */
export function barBeat(document: Arrangement, samples: number): string {
  const { samplesPerBeat, beatsPerBar } = gridOf(document);
  const beats = Math.floor(samples / samplesPerBeat + 1e-6);
  return `${Math.floor(beats / beatsPerBar) + 1}.${(beats % beatsPerBar) + 1}`;
}

export interface Step {
  readonly label: string;
  readonly document: Arrangement;
}

/** Undo and redo with names. Steps with one `joins` key within a second become one (a row of nudges). */
export class History {
  #past: Step[] = [];
  #future: Step[] = [];
  #present: Arrangement;
  #joins = "";
  #at = 0;

  constructor(document: Arrangement) {
    this.#present = document;
  }

  get document(): Arrangement {
    return this.#present;
  }
  get undoLabel(): string {
    return this.#past.at(-1)?.label ?? "";
  }
  get redoLabel(): string {
    return this.#future.at(-1)?.label ?? "";
  }

  /** False when the edit changed nothing. */
  push(label: string, document: Arrangement, joins = "", now = Date.now()): boolean {
    if (document === this.#present || JSON.stringify(document) === JSON.stringify(this.#present)) return false;
    const joined = joins !== "" && joins === this.#joins && now - this.#at < 1000 && this.#past.length > 0;
    if (joined) this.#past[this.#past.length - 1] = { label, document: this.#past.at(-1)!.document };
    else this.#past.push({ label, document: this.#present });
    if (this.#past.length > 300) this.#past.shift();
    this.#present = document;
    this.#future = [];
    this.#joins = joins;
    this.#at = now;
    return true;
  }

  undo(): string {
    return this.#step(this.#past, this.#future);
  }
  redo(): string {
    return this.#step(this.#future, this.#past);
  }

  #step(from: Step[], to: Step[]): string {
    const step = from.pop();
    if (!step) return "";
    to.push({ label: step.label, document: this.#present });
    this.#present = step.document;
    this.#joins = "";
    return step.label;
  }
}
