/** The timeline: rows of tracks, clips that can be dragged, trimmed and faded by pointer and by keys. */

import { barBeat, clamp, findClip, gridOf, moveClip, removeClip, snapTo, snapUnit, splitClip, trimEnd, trimStart, updateClip, updateTrack, type Arrangement, type Clip, type Track } from "../../lib/arrangement";
import { h, svg } from "../../lib/dom";
import { bars, loadPeaks, type Peaks } from "../../lib/peaks";
import { clock, decibels } from "../../lib/time";
import { resolve, seen } from "../wave";
import type { Editor } from "./editor";

type Grip = "move" | "start" | "end" | "fade-in" | "fade-out";

export const ASSET_TYPE = "application/x-deadwax-asset";

export class Timeline {
  readonly element = h("div", { class: "tl-scroll", tabindex: "-1" });
  #ruler = h("div", { class: "tl-ruler" });
  #rows = h("div", { class: "tl-rows" });
  #head = h("div", { class: "tl-playhead", "aria-hidden": "true" });
  #range = h("div", { class: "tl-range", "aria-hidden": "true", hidden: true });
  #rowOf = new Map<string, HTMLElement>();
  #clipOf = new Map<string, HTMLElement>();
  #peaks = new Map<string, Peaks | null>();
  #draft: Arrangement | null = null;

  constructor(
    private readonly editor: Editor,
    private readonly act: { seek(samples: number): void; inspect(): void; drop(asset: string, trackId: string | null, samples: number): void },
  ) {
    this.element.append(h("div", { class: "tl" }, h("div", { class: "tl-row tl-top" }, h("div", { class: "tl-head mono" }), this.#ruler), this.#rows, this.#range, this.#head));
    this.#ruler.addEventListener("pointerdown", (event) => this.#scrub(event));
    this.#rows.addEventListener("pointerdown", (event) => this.#pointer(event));
    this.#rows.addEventListener("keydown", (event) => this.#key(event));
    this.#rows.addEventListener("focusin", (event) => {
      const id = (event.target as Element).closest<HTMLElement>(".clip")?.dataset["clip"];
      if (id) editor.select({ kind: "clip", id });
    });
    this.#rows.addEventListener("click", (event) => this.#headClick(event));
    this.element.addEventListener("dragover", (event) => {
      if (event.dataTransfer?.types.includes(ASSET_TYPE)) event.preventDefault();
    });
    this.element.addEventListener("drop", (event) => {
      const asset = event.dataTransfer?.getData(ASSET_TYPE);
      if (!asset) return;
      event.preventDefault();
      const track = (event.target as Element).closest<HTMLElement>("[data-track]")?.dataset["track"] ?? null;
      act.drop(asset, track, snapTo(editor.document, this.#samplesAt(event.clientX), editor.snap));
    });
    editor.on("document", () => this.render());
    editor.on("view", () => this.render());
    editor.on("selection", () => this.#mark());
    editor.on("playhead", () => this.#place());
    editor.on("range", () => this.#band());
  }

  get #perSample(): number {
    return this.editor.pixelsPerSecond / this.editor.rate;
  }

  /** Sets the zoom so that the whole song is seen. */
  fit(): void {
    const width = this.element.clientWidth - this.#headWidth - 24;
    this.editor.pixelsPerSecond = clamp(width / Math.max(8, this.editor.durationSeconds * 1.04), 1, 400);
    this.element.scrollLeft = 0;
    this.editor.tell("view");
  }

  zoom(by: number): void {
    const middle = this.editor.seconds;
    this.editor.pixelsPerSecond = clamp(this.editor.pixelsPerSecond * by, 1, 800);
    this.editor.tell("view");
    this.element.scrollLeft = Math.max(0, middle * this.editor.pixelsPerSecond - (this.element.clientWidth - this.#headWidth) / 2);
  }

  /** Keeps the playhead in sight while it runs. */
  follow(): void {
    const x = this.editor.seconds * this.editor.pixelsPerSecond;
    const width = this.element.clientWidth - this.#headWidth;
    if (x < this.element.scrollLeft || x > this.element.scrollLeft + width - 40) this.element.scrollLeft = Math.max(0, x - 60);
  }

  focusClip(id: string): void {
    this.#clipOf.get(id)?.focus();
  }

  get #headWidth(): number {
    return this.element.querySelector<HTMLElement>(".tl-head")?.offsetWidth ?? 186;
  }

  #samplesAt(clientX: number): number {
    const box = this.#ruler.getBoundingClientRect();
    return Math.max(0, (clientX - box.left) / this.#perSample);
  }

  render(): void {
    const document = this.#draft ?? this.editor.document;
    const focused = (window.document.activeElement as HTMLElement | null)?.dataset?.["clip"];
    const seconds = Math.max(this.editor.durationSeconds + 20, (this.element.clientWidth - this.#headWidth) / this.editor.pixelsPerSecond);
    const { samplesPerBeat, beatsPerBar } = gridOf(document);
    this.element.style.setProperty("--lane", `${Math.ceil(seconds * this.editor.pixelsPerSecond)}px`);
    this.element.style.setProperty("--bar", `${samplesPerBeat * beatsPerBar * this.#perSample}px`);
    this.#drawRuler(document, seconds);

    const rows: HTMLElement[] = [];
    const clips = new Set<string>();
    for (const track of document.tracks) {
      const row = this.#rowOf.get(track.id) ?? this.#newRow(track.id);
      this.#drawHead(row, track);
      const lane = row.querySelector<HTMLElement>(".tl-lane")!;
      const wanted = track.clips.map((clip) => {
        clips.add(clip.id);
        const element = this.#clipOf.get(clip.id) ?? this.#newClip(clip.id);
        this.#drawClip(element, clip, track);
        return element;
      });
      if (wanted.length !== lane.children.length || wanted.some((element, index) => lane.children[index] !== element)) lane.replaceChildren(...wanted);
      rows.push(row);
    }
    for (const [id, row] of this.#rowOf) if (!rows.includes(row)) this.#rowOf.delete(id);
    for (const id of this.#clipOf.keys()) if (!clips.has(id)) this.#clipOf.delete(id);
    if (rows.length !== this.#rows.children.length || rows.some((row, index) => this.#rows.children[index] !== row)) this.#rows.replaceChildren(...rows);
    if (focused && clips.has(focused)) this.#clipOf.get(focused)?.focus({ preventScroll: true });
    this.#mark();
    this.#place();
    this.#band();
  }

  #band(): void {
    const { range } = this.editor;
    this.#range.hidden = range === null;
    if (!range) return;
    this.#range.style.transform = `translateX(${range[0] * this.#perSample}px)`;
    this.#range.style.width = `${(range[1] - range[0]) * this.#perSample}px`;
  }

  #drawRuler(document: Arrangement, seconds: number): void {
    const { samplesPerBeat, beatsPerBar } = gridOf(document);
    const bar = samplesPerBeat * beatsPerBar * this.#perSample;
    const step = [1, 2, 4, 8, 16, 32, 64].find((every) => every * bar >= 52) ?? 128;
    const count = Math.min(600, Math.ceil((seconds * this.editor.pixelsPerSecond) / (bar * step)));
    const marks: HTMLElement[] = [];
    for (let index = 0; index < count; index++) {
      const mark = h("span", {}, String(index * step + 1));
      mark.style.left = `${index * step * bar}px`;
      marks.push(mark);
    }
    this.#ruler.replaceChildren(...marks);
    const words = `${(document.tempo_milli_bpm / 1000).toFixed(1).replace(/\.0$/, "")} bpm · ${document.metre}`;
    this.element.querySelector(".tl-top .tl-head")!.textContent = words;
  }

  #newRow(id: string): HTMLElement {
    const disabled = this.editor.readonly;
    const head = h(
      "div",
      { class: "tl-head" },
      h("button", { type: "button", class: "t-name", "data-act": "track" }),
      h("button", { type: "button", class: "ms", "data-act": "mute", disabled }, "M"),
      h("button", { type: "button", class: "ms", "data-act": "solo" }, "S"),
      h("button", { type: "button", class: "t-mix", "data-act": "track", tabindex: "-1", "aria-hidden": "true" }),
    );
    const row = h("div", { class: "tl-row", "data-track": id }, head, h("div", { class: "tl-lane" }));
    this.#rowOf.set(id, row);
    return row;
  }

  #drawHead(row: HTMLElement, track: Track): void {
    const [name, mute, solo, mix] = row.querySelectorAll<HTMLButtonElement>(".tl-head > button");
    const words = `${decibels(track.gain_millibel / 100)} · ${panWords(track.pan_percent)}`;
    if (!name || !mute || !solo || !mix) return;
    name.textContent = track.name || "Track";
    name.setAttribute("aria-label", `Track ${track.name}, ${words}: edit`);
    mute.setAttribute("aria-pressed", String(track.mute));
    mute.setAttribute("aria-label", `Mute ${track.name}`);
    solo.setAttribute("aria-pressed", String(this.editor.solo.has(track.id)));
    solo.setAttribute("aria-label", `Solo ${track.name} (for listening only)`);
    mix.textContent = words;
    row.classList.toggle("silent", track.mute || (this.editor.solo.size > 0 && !this.editor.solo.has(track.id)));
  }

  #newClip(id: string): HTMLElement {
    const element = h(
      "div",
      { class: "clip", "data-clip": id, tabindex: "0", role: "button" },
      h("i", { class: "stripe" }),
      h("canvas", { "aria-hidden": "true" }),
      svg("svg", { class: "fades", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("path")) as unknown as HTMLElement,
      h("span", { class: "tag" }),
      h("i", { class: "edge start", "data-grip": "start" }),
      h("i", { class: "edge end", "data-grip": "end" }),
      h("i", { class: "fade in", "data-grip": "fade-in" }),
      h("i", { class: "fade out", "data-grip": "fade-out" }),
    );
    this.#clipOf.set(id, element);
    return element;
  }

  #drawClip(element: HTMLElement, clip: Clip, track: Track): void {
    const document = this.#draft ?? this.editor.document;
    const source = this.editor.sources.get(clip.asset);
    const width = Math.max(4, clip.length_samples * this.#perSample);
    element.style.left = `${clip.start_samples * this.#perSample}px`;
    element.style.width = `${width}px`;
    element.style.setProperty("--fade-in", `${clip.fade_in_samples * this.#perSample}px`);
    element.style.setProperty("--fade-out", `${clip.fade_out_samples * this.#perSample}px`);
    element.classList.toggle("muted", clip.mute);
    element.querySelector<HTMLElement>(".stripe")!.dataset["origin"] = source?.origin ?? "unknown";
    element.querySelector(".tag")!.textContent = clip.name;
    const origin = (source?.origin ?? "unknown").replace("_", " ");
    element.setAttribute("aria-label", `${clip.name} on ${track.name}, bar ${barBeat(document, clip.start_samples)} to ${barBeat(document, clip.start_samples + clip.length_samples)}, ${origin}${clip.mute ? ", muted" : ""}`);
    const fades = element.querySelector("svg.fades")!;
    fades.setAttribute("viewBox", `0 0 ${clip.length_samples} 100`);
    const into = clip.fade_in_samples ? `M0 100 L${clip.fade_in_samples} 0 H0 Z` : "";
    const out = clip.fade_out_samples ? `M${clip.length_samples} 100 L${clip.length_samples - clip.fade_out_samples} 0 H${clip.length_samples} Z` : "";
    fades.querySelector("path")!.setAttribute("d", into + out);
    this.#drawWave(element, clip, width, source?.peaks_url);
  }

  #drawWave(element: HTMLElement, clip: Clip, width: number, url: string | undefined): void {
    const canvas = element.querySelector("canvas")!;
    const peaks = url ? this.#peaks.get(url) : null;
    if (url && peaks === undefined) {
      this.#peaks.set(url, null);
      loadPeaks(url).then(
        (loaded) => {
          this.#peaks.set(url, loaded);
          this.render();
        },
        () =>
          // An upload that is still looked at: its waveform comes while one works.
          setTimeout(() => {
            this.#peaks.delete(url);
            if (this.element.isConnected) this.render();
          }, 4000),
      );
    }
    const theme = getComputedStyle(element).colorScheme + (window.document.documentElement.dataset["theme"] ?? "");
    const key = [clip.asset, clip.offset_samples, clip.length_samples, clip.gain_millibel, Math.round(width), peaks ? 1 : 0, theme].join();
    if (canvas.dataset["key"] === key) return;
    canvas.dataset["key"] = key;
    const pixels = Math.min(4096, Math.round(width));
    const ratio = pixels < 2048 ? Math.min(2, devicePixelRatio || 1) : 1;
    canvas.width = pixels * ratio;
    canvas.height = 40 * ratio;
    const context = canvas.getContext("2d");
    if (!context || !peaks) return;
    context.scale(ratio, ratio);
    context.fillStyle = resolve("var(--ink-2)", element);
    const rate = this.editor.rate;
    const loud = 10 ** (clip.gain_millibel / 2000);
    const count = Math.max(1, Math.floor(pixels / 3));
    bars(peaks, count, clip.offset_samples / rate, (clip.offset_samples + clip.length_samples) / rate).forEach((level, index) => {
      const half = Math.max(0.5, seen(Math.min(1, level * loud)) * 19);
      context.fillRect(index * (pixels / count), 20 - half, (pixels / count) * 0.66, half * 2);
    });
  }

  #mark(): void {
    const { selection } = this.editor;
    for (const [id, element] of this.#clipOf) {
      const on = selection?.kind === "clip" && selection.id === id;
      element.classList.toggle("sel", on);
      element.setAttribute("aria-pressed", String(on));
    }
    for (const [id, row] of this.#rowOf) row.classList.toggle("sel", selection?.kind === "track" && selection.id === id);
  }

  #place(): void {
    this.#head.style.transform = `translateX(${this.editor.seconds * this.editor.pixelsPerSecond}px)`;
  }

  #headClick(event: Event): void {
    const button = (event.target as Element).closest<HTMLElement>("[data-act]");
    const id = button?.closest<HTMLElement>("[data-track]")?.dataset["track"];
    const track = this.editor.document.tracks.find((candidate) => candidate.id === id);
    if (!button || !track) return;
    if (button.dataset["act"] === "mute") this.editor.edit(`${track.mute ? "unmute" : "mute"} ${track.name}`, updateTrack(this.editor.document, track.id, { mute: !track.mute }));
    else if (button.dataset["act"] === "solo") {
      if (!this.editor.solo.delete(track.id)) this.editor.solo.add(track.id);
      this.editor.tell("view");
    } else {
      this.editor.select({ kind: "track", id: track.id });
      this.act.inspect();
    }
  }

  /** A press places the playhead; dragging from there selects a range. */
  #scrub(event: PointerEvent): void {
    const at = (pointer: PointerEvent): number => snapTo(this.editor.document, this.#samplesAt(pointer.clientX), pointer.shiftKey ? "off" : this.editor.snap);
    const from = at(event);
    const begun = event.clientX;
    this.editor.selectRange(0, 0);
    this.act.seek(from);
    const move = (pointer: PointerEvent): void => {
      if (Math.abs(pointer.clientX - begun) > 4) this.editor.selectRange(from, at(pointer));
    };
    this.#ruler.setPointerCapture(event.pointerId);
    this.#ruler.addEventListener("pointermove", move);
    this.#ruler.addEventListener("lostpointercapture", () => this.#ruler.removeEventListener("pointermove", move), { once: true });
  }

  #pointer(event: PointerEvent): void {
    const target = event.target as Element;
    const element = target.closest<HTMLElement>(".clip");
    if (event.button !== 0) return;
    if (!element) {
      if (target.closest(".tl-lane")) {
        this.editor.select(null);
        this.act.seek(snapTo(this.editor.document, this.#samplesAt(event.clientX), this.editor.snap));
      }
      return;
    }
    const id = element.dataset["clip"] ?? "";
    const found = findClip(this.editor.document, id);
    element.focus({ preventScroll: true });
    this.editor.select({ kind: "clip", id });
    if (!found || this.editor.readonly) return;
    event.preventDefault();
    const grip = (target.closest<HTMLElement>("[data-grip]")?.dataset["grip"] ?? "move") as Grip;
    const from = event.clientX;
    const before = this.editor.document;
    let moved = false;
    const drag = (pointer: PointerEvent): void => {
      if (!moved && Math.abs(pointer.clientX - from) < 3 && Math.abs(pointer.clientY - event.clientY) < 6) return;
      moved = true;
      const by = (pointer.clientX - from) / this.#perSample;
      const over = window.document.elementsFromPoint(pointer.clientX, pointer.clientY).find((candidate) => candidate.closest?.("[data-track]"))?.closest<HTMLElement>("[data-track]")?.dataset["track"];
      this.#draft = this.#dragged(before, found.clip, grip, by, pointer.shiftKey, over);
      element.classList.add("dragging");
      this.render();
    };
    const done = (): void => {
      this.#rows.removeEventListener("pointermove", drag);
      element.classList.remove("dragging");
      const result = this.#draft;
      this.#draft = null;
      if (result && moved) this.editor.edit(gripLabel(grip, found.clip, result), result);
      else this.render();
    };
    this.#rows.setPointerCapture(event.pointerId);
    this.#rows.addEventListener("pointermove", drag);
    this.#rows.addEventListener("lostpointercapture", done, { once: true });
  }

  #dragged(document: Arrangement, clip: Clip, grip: Grip, by: number, free: boolean, trackId?: string): Arrangement {
    const snap = free ? "off" : this.editor.snap;
    const end = clip.start_samples + clip.length_samples;
    switch (grip) {
      case "move":
        return moveClip(document, clip.id, snapTo(document, clip.start_samples + by, snap), trackId);
      case "start":
        return trimStart(document, clip.id, snapTo(document, clip.start_samples + by, snap));
      case "end":
        return trimEnd(document, clip.id, snapTo(document, end + by, snap), this.editor.assetSamples(clip.asset));
      case "fade-in":
        return updateClip(document, clip.id, { fade_in_samples: clamp(clip.fade_in_samples + by, 0, clip.length_samples - clip.fade_out_samples) });
      case "fade-out":
        return updateClip(document, clip.id, { fade_out_samples: clamp(clip.fade_out_samples - by, 0, clip.length_samples - clip.fade_in_samples) });
    }
  }

  #key(event: KeyboardEvent): void {
    const id = (event.target as Element).closest<HTMLElement>(".clip")?.dataset["clip"];
    const { document } = this.editor;
    const found = id ? findClip(document, id) : null;
    if (!found || event.ctrlKey || event.metaKey) return;
    const { clip, track } = found;
    const step = event.shiftKey ? this.editor.rate / 100 : snapUnit(document, this.editor.snap);
    const end = clip.start_samples + clip.length_samples;
    const nudge = (by: number): void => {
      if (event.altKey) this.editor.edit(`trim the end of ${clip.name}`, trimEnd(document, clip.id, end + by, this.editor.assetSamples(clip.asset)), `end ${clip.id}`);
      else this.#edited(`move ${clip.name}`, moveClip(document, clip.id, clip.start_samples + by), clip.id);
    };
    switch (event.key) {
      case "ArrowLeft":
        nudge(-step);
        break;
      case "ArrowRight":
        nudge(step);
        break;
      case "ArrowUp":
      case "ArrowDown": {
        const next = document.tracks[document.tracks.indexOf(track) + (event.key === "ArrowUp" ? -1 : 1)];
        if (next) this.editor.edit(`move ${clip.name} to ${next.name}`, moveClip(document, clip.id, clip.start_samples, next.id));
        break;
      }
      case "Delete":
      case "Backspace":
        this.editor.edit(`remove ${clip.name}`, removeClip(document, clip.id));
        break;
      case "[":
        this.editor.edit(`trim the start of ${clip.name}`, trimStart(document, clip.id, this.editor.playheadSamples));
        break;
      case "]":
        this.editor.edit(`trim the end of ${clip.name}`, trimEnd(document, clip.id, this.editor.playheadSamples, this.editor.assetSamples(clip.asset)));
        break;
      case "s":
        this.split(clip.id);
        break;
      case "m":
        this.editor.edit(`${clip.mute ? "unmute" : "mute"} ${clip.name}`, updateClip(document, clip.id, { mute: !clip.mute }));
        break;
      case "Enter":
        this.act.inspect();
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #edited(label: string, document: Arrangement, clipId: string): void {
    const at = findClip(document, clipId)?.clip.start_samples ?? 0;
    this.editor.edit(`${label} to bar ${barBeat(document, at)}`, document, `move ${clipId}`);
  }

  /** Splits a clip at the playhead. False when the playhead is not inside of it. */
  split(id: string): boolean {
    const name = findClip(this.editor.document, id)?.clip.name ?? "";
    const result = splitClip(this.editor.document, id, this.editor.playheadSamples);
    if (!result) return false;
    this.editor.edit(`split ${name} at ${clock(this.editor.seconds, true)}`, result.document);
    this.editor.select({ kind: "clip", id: result.id });
    return true;
  }
}

export function panWords(percent: number): string {
  return percent === 0 ? "C" : `${percent < 0 ? "L" : "R"} ${Math.abs(percent)}`;
}

function gripLabel(grip: Grip, clip: Clip, document: Arrangement): string {
  const now = findClip(document, clip.id);
  switch (grip) {
    case "move":
      return `move ${clip.name} to bar ${barBeat(document, now?.clip.start_samples ?? 0)}`;
    case "start":
      return `trim the start of ${clip.name}`;
    case "end":
      return `trim the end of ${clip.name}`;
    case "fade-in":
      return `fade in of ${clip.name}`;
    case "fade-out":
      return `fade out of ${clip.name}`;
  }
}
