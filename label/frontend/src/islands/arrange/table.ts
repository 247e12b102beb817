/** All clips as a table of numbers: the same edits without a pointer. */

import { moveClip, removeClip, trimEnd, trimStart, updateClip, type Clip, type Track } from "../../lib/arrangement";
import { h } from "../../lib/dom";
import { originTag } from "./side";
import type { Editor } from "./editor";

type Column = { readonly key: string; readonly title: string; readonly value: (clip: Clip) => number; readonly digits: number; readonly min: number; readonly set: (clip: Clip, value: number) => void };

export class ClipTable {
  readonly element = h("div", { class: "scroll arr-table", hidden: true });

  constructor(private readonly editor: Editor) {
    editor.on("document", () => this.render());
  }

  show(on: boolean): void {
    this.element.hidden = !on;
    this.render();
  }

  get #columns(): Column[] {
    const { editor } = this;
    const { rate } = editor;
    const doc = editor.document;
    return [
      { key: "start", title: "Start s", digits: 3, min: 0, value: (clip) => clip.start_samples / rate, set: (clip, value) => void editor.edit(`move ${clip.name}`, moveClip(doc, clip.id, value * rate)) },
      { key: "from", title: "From s of source", digits: 3, min: 0, value: (clip) => clip.offset_samples / rate, set: (clip, value) => void editor.edit(`trim the start of ${clip.name}`, trimStart(doc, clip.id, clip.start_samples + value * rate - clip.offset_samples)) },
      { key: "length", title: "Length s", digits: 3, min: 0.02, value: (clip) => clip.length_samples / rate, set: (clip, value) => void editor.edit(`trim the end of ${clip.name}`, trimEnd(doc, clip.id, clip.start_samples + value * rate, editor.assetSamples(clip.asset))) },
      { key: "gain", title: "Gain dB", digits: 1, min: -96, value: (clip) => clip.gain_millibel / 100, set: (clip, value) => void editor.edit(`gain of ${clip.name}`, updateClip(doc, clip.id, { gain_millibel: value * 100 })) },
      { key: "in", title: "Fade in s", digits: 3, min: 0, value: (clip) => clip.fade_in_samples / rate, set: (clip, value) => void editor.edit(`fade in of ${clip.name}`, updateClip(doc, clip.id, { fade_in_samples: Math.min(value * rate, clip.length_samples - clip.fade_out_samples) })) },
      { key: "out", title: "Fade out s", digits: 3, min: 0, value: (clip) => clip.fade_out_samples / rate, set: (clip, value) => void editor.edit(`fade out of ${clip.name}`, updateClip(doc, clip.id, { fade_out_samples: Math.min(value * rate, clip.length_samples - clip.fade_in_samples) })) },
    ];
  }

  render(): void {
    if (this.element.hidden) return;
    const focused = (document.activeElement as HTMLElement | null)?.dataset?.["cell"];
    const columns = this.#columns;
    const head = h("tr", {}, h("th", { scope: "col" }, "Clip"), h("th", { scope: "col" }, "Track"), h("th", { scope: "col" }, "Origin"));
    for (const column of columns) head.append(h("th", { scope: "col" }, column.title));
    head.append(h("th", { scope: "col" }, "Mute"), h("th", {}, h("span", { class: "sr" }, "Remove")));
    const body = h("tbody", {});
    for (const track of this.editor.document.tracks) for (const clip of track.clips) body.append(this.#row(track, clip, columns));
    if (!body.children.length) body.append(h("tr", {}, h("td", { colspan: 11 }, "No clips yet. Add a take, a stem or an upload.")));
    this.element.replaceChildren(h("table", {}, h("caption", { class: "sr" }, "Clips of the arrangement"), h("thead", {}, head), body));
    if (focused) this.element.querySelector<HTMLElement>(`[data-cell="${focused}"]`)?.focus();
  }

  #row(track: Track, clip: Clip, columns: readonly Column[]): HTMLElement {
    const { editor } = this;
    const place = h("select", { "aria-label": `Track of ${clip.name}`, "data-cell": `${clip.id}-track`, disabled: editor.readonly });
    for (const other of editor.document.tracks) place.append(h("option", { value: other.id, selected: other.id === track.id }, other.name));
    place.addEventListener("change", () => editor.edit(`move ${clip.name} to ${place.selectedOptions[0]?.textContent ?? ""}`, moveClip(editor.document, clip.id, clip.start_samples, place.value)));
    const row = h("tr", {}, h("th", { scope: "row" }, clip.name), h("td", {}, place), h("td", {}, originTag(editor.sources.get(clip.asset)?.origin)));
    for (const column of columns) {
      const input = h("input", { type: "number", step: "any", min: column.min, "aria-label": `${column.title}, ${clip.name}`, "data-cell": `${clip.id}-${column.key}`, disabled: editor.readonly });
      input.value = column.value(clip).toFixed(column.digits);
      input.addEventListener("change", () => {
        const value = Number(input.value);
        if (input.value !== "" && Number.isFinite(value)) column.set(clip, value);
        input.value = column.value(clip).toFixed(column.digits);
        this.render();
      });
      row.append(h("td", {}, input));
    }
    const mute = h("input", { type: "checkbox", "aria-label": `Mute ${clip.name}`, "data-cell": `${clip.id}-mute`, disabled: editor.readonly });
    mute.checked = clip.mute;
    mute.addEventListener("change", () => editor.edit(`${clip.mute ? "unmute" : "mute"} ${clip.name}`, updateClip(editor.document, clip.id, { mute: mute.checked })));
    const remove = h("button", { type: "button", class: "btn s danger", "aria-label": `Remove ${clip.name}`, disabled: editor.readonly }, "Remove");
    remove.addEventListener("click", () => editor.edit(`remove ${clip.name}`, removeClip(editor.document, clip.id)));
    row.append(h("td", {}, mute), h("td", {}, remove));
    return row;
  }
}
