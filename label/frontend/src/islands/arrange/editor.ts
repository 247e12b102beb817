/** What the parts of the arrangement editor share: the document with its history, the selection, the view. */

import { History, lengthSamples, type Arrangement, type Snap } from "../../lib/arrangement";

export interface Source {
  readonly asset: string;
  /** `take:<id>` and the like, as forms of generation are given it. */
  readonly ref?: string;
  readonly name: string;
  readonly group?: string;
  readonly role?: string;
  readonly origin?: string;
  readonly duration_ms?: number;
  readonly audio_url: string;
  readonly peaks_url?: string;
  readonly terms?: string;
  readonly hidden?: boolean;
}

export type Selection = { readonly kind: "clip" | "track"; readonly id: string } | null;
export type Topic = "document" | "selection" | "view" | "playhead" | "save" | "range";

export class Editor {
  readonly sources: ReadonlyMap<string, Source>;
  readonly solo = new Set<string>();
  selection: Selection = null;
  snap: Snap = "beat";
  pixelsPerSecond = 20;
  playheadSamples = 0;
  /** A stretch of the song, in samples. It is view state, never an edit. */
  range: readonly [number, number] | null = null;
  #history: History;
  #listeners = new Map<Topic, Set<() => void>>();
  #labels: string[] = [];

  constructor(
    document: Arrangement,
    sources: readonly Source[],
    readonly readonly: boolean,
  ) {
    this.#history = new History(document);
    this.sources = new Map(sources.map((source) => [source.asset, source]));
  }

  get document(): Arrangement {
    return this.#history.document;
  }
  get undoLabel(): string {
    return this.#history.undoLabel;
  }
  get redoLabel(): string {
    return this.#history.redoLabel;
  }
  get rate(): number {
    return this.document.sample_rate_hz;
  }
  get seconds(): number {
    return this.playheadSamples / this.rate;
  }
  get durationSeconds(): number {
    return lengthSamples(this.document) / this.rate;
  }

  on(topic: Topic, listener: () => void): void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(topic, listeners);
  }
  tell(topic: Topic): void {
    for (const listener of this.#listeners.get(topic) ?? []) listener();
  }

  /** One named edit. Edits with the same `joins` in quick succession are one step of undo. */
  edit(label: string, document: Arrangement, joins = ""): boolean {
    if (this.readonly || !this.#history.push(label, document, joins)) return false;
    this.#labels.push(label);
    this.#forgetLost();
    this.tell("document");
    return true;
  }

  undo(): string {
    return this.#walked("undo", this.#history.undo());
  }
  redo(): string {
    return this.#walked("redo", this.#history.redo());
  }

  #walked(how: string, label: string): string {
    if (!label) return "";
    this.#labels.push(`${how} ${label}`);
    this.#forgetLost();
    this.tell("document");
    return label;
  }

  /** Names of the edits since the last call, for the note of a save. */
  takeNote(): string {
    const note = [...new Set(this.#labels)].join("; ");
    this.#labels = [];
    return note.length > 300 ? `${note.slice(0, 297)}...` : note;
  }

  select(selection: Selection): void {
    if (selection?.id === this.selection?.id && selection?.kind === this.selection?.kind) return;
    this.selection = selection;
    this.tell("selection");
  }

  place(samples: number): void {
    this.playheadSamples = Math.max(0, Math.round(samples));
    this.tell("playhead");
  }

  selectRange(from: number, to: number): void {
    const [start, end] = [Math.max(0, Math.min(from, to)), Math.max(from, to)];
    this.range = end - start >= this.rate / 100 ? [Math.round(start), Math.round(end)] : null;
    this.tell("range");
  }

  /** Length of an asset at the document's rate; unknown is undefined. */
  assetSamples(asset: string): number | undefined {
    const ms = this.sources.get(asset)?.duration_ms;
    return ms ? Math.floor((ms * this.rate) / 1000) : undefined;
  }

  #forgetLost(): void {
    const { selection } = this;
    if (!selection) return;
    const tracks = this.document.tracks;
    const there = selection.kind === "track" ? tracks.some((track) => track.id === selection.id) : tracks.some((track) => track.clips.some((clip) => clip.id === selection.id));
    if (!there) this.select(null);
  }
}
