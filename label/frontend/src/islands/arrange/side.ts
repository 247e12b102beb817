/** The side of the editor: what can be added, and the properties of what is selected. */

import { findClip, GAIN_MILLIBEL, moveClip, moveTrack, removeClip, removeTrack, ROLES, trimEnd, updateClip, updateTrack, type Clip, type Track } from "../../lib/arrangement";
import htmx from "htmx.org";
import { h } from "../../lib/dom";
import { moment } from "../../lib/stretch";
import { underRange, waysFor } from "../../lib/ways";
import { clock, decibels } from "../../lib/time";
import { ASSET_TYPE, panWords, type Timeline } from "./timeline";
import type { Editor, Source } from "./editor";

export const roleWords = (role: string): string => role.replace("_", " ");

const ORIGIN_WORDS: Record<string, string> = { human: "human", trained_model: "trained model", procedural: "procedural", mixed: "mixed", third_party: "third party", unknown: "unknown" };

export function originTag(origin: string | undefined): HTMLElement {
  const key = origin && ORIGIN_WORDS[origin] ? origin : "unknown";
  return h("span", { class: "origin", "data-origin": key }, h("i", { class: "sw" }), ORIGIN_WORDS[key]!);
}

/** The list of takes, stems and uploads; each can be heard, added at the playhead, or dragged onto a track. */
export function sourcesPanel(editor: Editor, add: (sources: readonly Source[]) => void): HTMLElement {
  const groups = new Map<string, Source[]>();
  for (const source of editor.sources.values()) {
    if (source.hidden) continue;
    const name = source.group || "Other";
    groups.set(name, [...(groups.get(name) ?? []), source]);
  }
  const panel = h("section", { class: "arr-sources", "aria-label": "Sources" }, h("h2", {}, "Add"));
  if (!groups.size) {
    panel.append(h("p", { class: "dim" }, "Nothing to add yet. Keep a take, or upload a recording of your own; both appear here."));
    return panel;
  }
  const search = h("input", { type: "search", placeholder: "Find a take, stem or upload", "aria-label": "Find a source" });
  const list = h("div", {});
  if (editor.sources.size > 8) panel.append(search);
  panel.append(list);
  const draw = (): void => {
    const wanted = search.value.trim().toLowerCase();
    list.replaceChildren();
    let index = 0;
    for (const [name, sources] of groups) {
      const shown = sources.filter((source) => `${name} ${source.name} ${source.role ?? ""}`.toLowerCase().includes(wanted));
      if (!shown.length) continue;
      const all = h("button", { type: "button", class: "btn s", "aria-label": `Add all of ${name}` }, "Add all");
      all.addEventListener("click", () => add(shown));
      const details = h("details", { open: index++ < 2 || wanted !== "" }, h("summary", {}, name, h("span", { class: "n" }, ` ${shown.length}`)));
      if (shown.length > 1 && !editor.readonly) details.append(h("p", { class: "arr-all" }, all));
      const rows = h("ul", {});
      for (const source of shown) rows.append(sourceRow(editor, source, add));
      details.append(rows);
      list.append(details);
    }
    if (!list.children.length) list.append(h("p", { class: "dim" }, "Nothing here is called that."));
    document.dispatchEvent(new CustomEvent("dw:arrive"));
  };
  search.addEventListener("input", draw);
  draw();
  return panel;
}

function sourceRow(editor: Editor, source: Source, add: (sources: readonly Source[]) => void): HTMLElement {
  const id = `source-${source.asset.slice(0, 16)}`;
  const play = h("button", { type: "button", class: "play s", id, "data-play": source.audio_url, "data-peaks": source.peaks_url ?? "", "data-title": source.name, "data-duration-ms": source.duration_ms ?? "", "aria-label": `Play ${source.name}`, "aria-pressed": "false" });
  const button = h("button", { type: "button", class: "btn s", disabled: editor.readonly, "aria-label": `Add ${source.name} at the playhead` }, "Add");
  button.addEventListener("click", () => add([source]));
  const meta = [source.role ? roleWords(source.role) : "", source.duration_ms ? clock(source.duration_ms / 1000) : "", source.terms ?? ""].filter(Boolean).join(" · ");
  const row = h("li", { draggable: editor.readonly ? "false" : "true" }, play, h("span", { class: "what" }, h("span", { class: "wrap" }, h("i", { class: "sw", "data-origin": source.origin ?? "unknown", title: ORIGIN_WORDS[source.origin ?? "unknown"] ?? "unknown" }), " ", source.name), h("small", { class: "dim" }, `${ORIGIN_WORDS[source.origin ?? "unknown"] ?? "unknown"}${meta ? ` · ${meta}` : ""}`)), button);
  row.addEventListener("dragstart", (event) => {
    event.dataTransfer?.setData(ASSET_TYPE, source.asset);
    if (event.dataTransfer) event.dataTransfer.effectAllowed = "copy";
  });
  return row;
}

interface Dial {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly value: number;
  readonly words: (value: number) => string;
  readonly set: (value: number) => void;
}

/** A slider with its value in words; it keeps the focus and its hold while the document changes around it. */
function dial(editor: Editor, { label, min, max, step, value, words, set }: Dial): [HTMLElement, HTMLElement] {
  const input = h("input", { type: "range", min, max, step, "aria-label": label, "data-dial": label, disabled: editor.readonly });
  input.value = String(value);
  const shown = h("output", { class: "mono" }, words(value));
  input.setAttribute("aria-valuetext", words(value));
  input.addEventListener("input", () => {
    const now = Number(input.value);
    shown.textContent = words(now);
    input.setAttribute("aria-valuetext", words(now));
    set(now);
  });
  return [h("dt", {}, label), h("dd", { class: "arr-dial" }, input, shown)];
}

function seconds(editor: Editor, label: string, samples: number, set: (samples: number) => void): [HTMLElement, HTMLElement] {
  const input = h("input", { type: "number", min: 0, step: 0.01, "aria-label": `${label}, seconds`, "data-dial": label, disabled: editor.readonly });
  input.value = (samples / editor.rate).toFixed(3);
  input.addEventListener("change", () => {
    const value = Number(input.value);
    if (Number.isFinite(value) && value >= 0) set(Math.round(value * editor.rate));
    else input.value = (samples / editor.rate).toFixed(3);
  });
  return [h("dt", {}, label), h("dd", { class: "with-unit" }, input, h("span", {}, "s"))];
}

export class Inspector {
  readonly element = h("section", { class: "arr-inspect", "aria-label": "Selection" });
  #shown = "";

  constructor(
    private readonly editor: Editor,
    private readonly timeline: Timeline,
    private readonly say: (text: string) => void,
    private readonly form: string,
  ) {
    editor.on("selection", () => this.render());
    editor.on("document", () => this.render());
    editor.on("range", () => this.render());
    this.render();
  }

  focus(): void {
    this.element.querySelector<HTMLElement>("input, select, button")?.focus();
  }

  render(): void {
    const { selection, document } = this.editor;
    const found = selection?.kind === "clip" ? findClip(document, selection.id) : null;
    const track = selection?.kind === "track" ? document.tracks.find((candidate) => candidate.id === selection.id) : undefined;
    const key = JSON.stringify(found ? [found.track.id, found.clip, document.tracks.map((other) => other.name), this.editor.range] : (track ?? null));
    if (key === this.#shown) return;
    this.#shown = key;
    const active = window.document.activeElement as HTMLInputElement | null;
    const held = active && this.element.contains(active) ? (active.dataset["dial"] ?? "") : "";
    // Rebuilding under a slider that is being dragged would end the drag.
    if (held && active?.type === "range") return;
    if (found) {
      this.element.replaceChildren(...this.#clip(found.clip, found.track));
      htmx.process(this.element); // links of the shell
    }
    else if (track) this.element.replaceChildren(...this.#track(track));
    else this.element.replaceChildren(h("h2", {}, "Selection"), h("p", { class: "dim" }, "Choose a clip or a track to see and change it here. Drag clips to move them, their edges to trim, their corners to fade."));
    if (held) this.element.querySelector<HTMLElement>(`[data-dial="${held}"]`)?.focus();
  }

  #clip(clip: Clip, track: Track): HTMLElement[] {
    const { editor } = this;
    const source = editor.sources.get(clip.asset);
    const change = (label: string, part: Partial<Clip>, joins = ""): void => void editor.edit(`${label} of ${clip.name}`, updateClip(editor.document, clip.id, part), joins && `${joins} ${clip.id}`);
    const place = h("select", { "aria-label": "Track", "data-dial": "Track", disabled: editor.readonly });
    for (const other of editor.document.tracks) place.append(h("option", { value: other.id, selected: other.id === track.id }, other.name));
    place.addEventListener("change", () => editor.edit(`move ${clip.name} to ${place.selectedOptions[0]?.textContent ?? ""}`, moveClip(editor.document, clip.id, clip.start_samples, place.value)));
    const button = (words: string, act: () => void, kind = ""): HTMLElement => {
      const element = h("button", { type: "button", class: `btn s ${kind}`, disabled: editor.readonly, "data-dial": words }, words);
      element.addEventListener("click", act);
      return element;
    };
    const list = h("dl", { class: "kv" }, h("dt", {}, "Source"), h("dd", {}, source?.name ?? "not listed"), h("dt", {}, "Origin"), h("dd", {}, originTag(source?.origin)));
    if (source?.terms) list.append(h("dt", {}, "Terms"), h("dd", {}, source.terms));
    list.append(
      h("dt", {}, "Track"),
      h("dd", {}, place),
      ...dial(editor, { label: "Gain", min: -3000, max: 1200, step: 10, value: clip.gain_millibel, words: (value) => decibels(value / 100), set: (value) => change("gain", { gain_millibel: value }, "gain") }),
      ...seconds(editor, "Start", clip.start_samples, (samples) => void editor.edit(`move ${clip.name}`, moveClip(editor.document, clip.id, samples))),
      ...seconds(editor, "Length", clip.length_samples, (samples) => void editor.edit(`trim the end of ${clip.name}`, trimEnd(editor.document, clip.id, clip.start_samples + samples, editor.assetSamples(clip.asset)))),
      ...seconds(editor, "Fade in", clip.fade_in_samples, (samples) => change("fade in", { fade_in_samples: Math.min(samples, clip.length_samples - clip.fade_out_samples) })),
      ...seconds(editor, "Fade out", clip.fade_out_samples, (samples) => change("fade out", { fade_out_samples: Math.min(samples, clip.length_samples - clip.fade_in_samples) })),
    );
    return [
      h("h2", {}, "Clip"),
      list,
      h(
        "div",
        { class: "actions" },
        button("Split here", () => {
          if (!this.timeline.split(clip.id)) this.say("Put the playhead inside the clip first, then split it there.");
        }),
        button(clip.mute ? "Unmute" : "Mute", () => editor.edit(`${clip.mute ? "unmute" : "mute"} ${clip.name}`, updateClip(editor.document, clip.id, { mute: !clip.mute }))),
        button("Remove", () => editor.edit(`remove ${clip.name}`, removeClip(editor.document, clip.id)), "danger"),
      ),
      ...this.#ways(clip, source),
    ];
  }

  /** What can be made of the clip, or of what of it lies in the range that is selected. */
  #ways(clip: Clip, source: Source | undefined): HTMLElement[] {
    const { editor } = this;
    if (!source?.ref || !this.form || editor.readonly) return [];
    const part = underRange(clip, editor.range, editor.rate);
    const said = part && editor.range ? `Of ${moment(part[0])} to ${moment(part[1])} of ${source.name}.` : `Of the clip. Drag on the ruler, or press I and O, for a part of it.`;
    const links = waysFor(source.ref, this.form, part ?? underRange(clip, null, editor.rate)).map(({ words, href }) => h("li", {}, h("a", { class: "btn s", href, "data-dial": words }, words)));
    return [h("h3", { class: "mt-l" }, "Make something of it"), h("p", { class: "hint" }, said), h("ul", { class: "chips" }, ...links)];
  }

  #track(track: Track): HTMLElement[] {
    const { editor } = this;
    const change = (label: string, part: Partial<Track>, joins = ""): void => void editor.edit(label, updateTrack(editor.document, track.id, part), joins && `${joins} ${track.id}`);
    const name = h("input", { "aria-label": "Name", "data-dial": "Name", maxlength: 200, disabled: editor.readonly });
    name.value = track.name;
    name.addEventListener("change", () => change(`rename ${track.name} to ${name.value.trim() || "Track"}`, { name: name.value.trim() || "Track" }));
    const role = h("select", { "aria-label": "Role", "data-dial": "Role", disabled: editor.readonly });
    for (const value of ROLES) role.append(h("option", { value, selected: value === track.role }, roleWords(value)));
    role.addEventListener("change", () => change(`role of ${track.name}: ${roleWords(role.value)}`, { role: role.value }));
    const button = (words: string, act: () => void, kind = ""): HTMLElement => {
      const element = h("button", { type: "button", class: `btn s ${kind}`, disabled: editor.readonly, "data-dial": words }, words);
      element.addEventListener("click", act);
      return element;
    };
    return [
      h("h2", {}, "Track"),
      h(
        "dl",
        { class: "kv" },
        h("dt", {}, "Name"),
        h("dd", {}, name),
        h("dt", {}, "Role"),
        h("dd", {}, role),
        ...dial(editor, { label: "Gain", min: Math.max(GAIN_MILLIBEL[0], -4000), max: 1200, step: 10, value: track.gain_millibel, words: (value) => decibels(value / 100), set: (value) => change(`gain of ${track.name}`, { gain_millibel: value }, "gain") }),
        ...dial(editor, { label: "Pan", min: -100, max: 100, step: 1, value: track.pan_percent, words: panWords, set: (value) => change(`pan of ${track.name}`, { pan_percent: value }, "pan") }),
      ),
      h(
        "div",
        { class: "actions" },
        button("Up", () => editor.edit(`move ${track.name} up`, moveTrack(editor.document, track.id, -1))),
        button("Down", () => editor.edit(`move ${track.name} down`, moveTrack(editor.document, track.id, 1))),
        button("Remove", () => editor.edit(`remove track ${track.name}`, removeTrack(editor.document, track.id)), "danger"),
      ),
    ];
  }
}
