/** <dw-energy>: draws and edits a comma separated text field of levels 0..1 as an arc over the song's sections. */

import { define, h, svg } from "../lib/dom";
import { arcPath, levels } from "./small";

class Energy extends HTMLElement {
  #input: HTMLInputElement | null = null;
  #values: number[] = [];
  #names: string[] = [];
  #picture = svg("svg", { viewBox: "0 0 100 40", preserveAspectRatio: "none", "aria-hidden": "true" });
  #handles = h("div", { class: "handles", role: "group", "aria-label": "Energy of each section" });
  #source: HTMLInputElement | null = null;

  connectedCallback(): void {
    this.#input = this.querySelector("input, textarea");
    if (!this.#input) return;
    const from = this.getAttribute("sections-from");
    this.#source = from ? (document.getElementById(from) as HTMLInputElement | null) : null;
    if (!this.#picture.isConnected) {
      this.#input.type = "hidden";
      this.#input.after(this.#picture, this.#handles);
      const label = this.querySelector("label");
      label?.removeAttribute("for");
    }
    this.#source?.addEventListener("input", this.#onSections);
    this.#picture.addEventListener("pointerdown", this.#onPointer);
    this.#values = levels(this.#input.value);
    this.#onSections();
  }

  disconnectedCallback(): void {
    this.#source?.removeEventListener("input", this.#onSections);
    this.#picture.removeEventListener("pointerdown", this.#onPointer);
  }

  #onSections = (): void => {
    const text = this.#source?.value ?? this.getAttribute("sections") ?? "";
    // With commas a name may be of several words: "intro, A, drop out".
    const names = text.split(/[,;\n·]/.test(text) ? /[,;\n·]/ : /\s+/).map((name) => name.trim()).filter(Boolean).slice(0, 32);
    this.#names = names.length ? names : this.#values.length ? this.#values.map((_, index) => String(index + 1)) : ["intro", "A", "B", "outro"];
    this.#values = this.#names.map((_, index) => this.#values[index] ?? this.#values.at(-1) ?? 0.5);
    this.#build();
    this.#changed(false);
  };

  #build(): void {
    this.#handles.replaceChildren(
      ...this.#names.map((name, index) => {
        const range = h("input", { type: "range", min: 0, max: 100, step: 5, "aria-label": `Energy of section ${index + 1}, ${name}` });
        range.value = String(Math.round((this.#values[index] ?? 0.5) * 100));
        range.addEventListener("input", () => {
          this.#values[index] = Number(range.value) / 100;
          this.#changed(true);
        });
        return h("label", {}, range, name);
      }),
    );
  }

  /** Each section's point stands in the middle of its share of the width. */
  #changed(tell: boolean): void {
    const line = arcPath(this.#values);
    this.#picture.replaceChildren(
      svg("line", { x1: 0, y1: 20, x2: 100, y2: 20 }),
      svg("path", { class: "under", d: `${line} L100 40 L0 40 Z` }),
      svg("path", { class: "arc", d: line }),
    );
    if (!this.#input) return;
    this.#input.value = this.#values.map((value) => value.toFixed(2)).join(",");
    if (tell) this.#input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  #onPointer = (event: Event): void => {
    const first = event as PointerEvent;
    const move = (pointer: PointerEvent): void => {
      const box = this.#picture.getBoundingClientRect();
      const index = Math.round(((pointer.clientX - box.left) / box.width) * (this.#values.length - 1));
      const at = Math.max(0, Math.min(this.#values.length - 1, index));
      const value = Math.max(0, Math.min(1, 1 - (pointer.clientY - box.top) / box.height));
      this.#values[at] = Math.round(value * 20) / 20;
      const range = this.#handles.querySelectorAll("input")[at];
      if (range) range.value = String(Math.round((this.#values[at] ?? 0) * 100));
      this.#changed(false);
    };
    move(first);
    this.#picture.setPointerCapture(first.pointerId);
    const listener = (moved: Event): void => move(moved as PointerEvent);
    this.#picture.addEventListener("pointermove", listener);
    this.#picture.addEventListener(
      "lostpointercapture",
      () => {
        this.#picture.removeEventListener("pointermove", listener);
        this.#changed(true);
      },
      { once: true },
    );
  };
}

define("dw-energy", Energy);
