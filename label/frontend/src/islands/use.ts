/**
 * <dw-menu>: a <details> that closes by Escape and by a click elsewhere. Links in it with `data-section` follow the
 * stretch that is selected on the waveform beside it (the nearest `.take`, `[data-range-scope]` or the page).
 * <dw-range from="id" to="id">: two fields that say a stretch, and the waveform on which it is drawn.
 */

import { define, h } from "../lib/dom";
import { moment, readMoment, withStretch, within, type Stretch } from "../lib/stretch";
import type { Wave } from "./wave";

type RangeEvent = CustomEvent<{ range: Stretch | null }>;

class Menu extends HTMLElement {
  #said = h("p", { class: "menu-range", role: "status" });

  connectedCallback(): void {
    const details = this.querySelector("details");
    if (!details) return;
    details.addEventListener("toggle", this.#onToggle);
    this.addEventListener("keydown", this.#onKey);
    document.addEventListener("pointerdown", this.#onOutside);
    this.#scope.addEventListener("dw:range", this.#onRange);
    const panel = details.querySelector(".menu-panel");
    if (panel && !this.#said.isConnected) panel.prepend(this.#said);
    this.#follow(this.#scope.querySelector<Wave>("dw-wave[selectable]")?.range ?? null);
  }

  disconnectedCallback(): void {
    document.removeEventListener("pointerdown", this.#onOutside);
    this.#scope.removeEventListener("dw:range", this.#onRange);
  }

  get #scope(): Element | Document {
    return this.closest(".take, [data-range-scope]") ?? document;
  }

  #follow(range: Stretch | null): void {
    for (const link of this.querySelectorAll<HTMLAnchorElement>("a[data-section]")) link.setAttribute("href", withStretch(link.getAttribute("href") ?? "", range));
    this.#said.textContent = range ? `${moment(range[0])} to ${moment(range[1])}` : "";
    this.classList.toggle("has-range", range !== null);
  }

  #onRange = (event: Event): void => this.#follow((event as RangeEvent).detail.range);

  #onToggle = (): void => {
    const details = this.querySelector("details");
    if (!details?.open) return;
    for (const other of document.querySelectorAll<HTMLDetailsElement>("dw-menu details[open]")) if (other !== details) other.open = false;
  };

  #onKey = (event: Event): void => {
    const { key } = event as KeyboardEvent;
    const details = this.querySelector("details");
    if (!details?.open) return;
    const links = [...details.querySelectorAll<HTMLElement>("a[href], button")];
    const at = links.indexOf(document.activeElement as HTMLElement);
    if (key === "Escape") {
      details.open = false;
      details.querySelector("summary")?.focus();
    } else if (key === "ArrowDown") links[Math.min(links.length - 1, at + 1)]?.focus();
    else if (key === "ArrowUp") (at <= 0 ? details.querySelector<HTMLElement>("summary") : links[at - 1])?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  #onOutside = (event: Event): void => {
    const details = this.querySelector("details");
    if (details?.open && !this.contains(event.target as Node)) details.open = false;
  };
}

class Range extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("dw:range", this.#onDrawn);
    for (const field of this.#fields) field.addEventListener("change", this.#onTyped);
    this.#onTyped();
  }

  disconnectedCallback(): void {
    for (const field of this.#fields) field.removeEventListener("change", this.#onTyped);
  }

  get #fields(): HTMLInputElement[] {
    return ["from", "to"].flatMap((name) => {
      const field = document.getElementById(this.getAttribute(name) ?? "");
      return field instanceof HTMLInputElement ? [field] : [];
    });
  }

  #onDrawn = (event: Event): void => {
    const { range } = (event as RangeEvent).detail;
    this.#fields.forEach((field, end) => (field.value = range ? moment(range[end] ?? 0) : ""));
  };

  #onTyped = (): void => {
    const wave = this.querySelector<Wave>("dw-wave");
    const [from, to] = this.#fields.map((field) => readMoment(field.value));
    if (!wave) return;
    const all = wave.duration ? wave.duration * 1000 : Infinity;
    const drawn = from == null && to == null ? null : within([from ?? 0, to ?? all], all);
    if (drawn && drawn[1] !== Infinity) wave.setAttribute("range", drawn.map(Math.round).join());
    else wave.removeAttribute("range");
  };
}

define("dw-menu", Menu);
define("dw-range", Range);
