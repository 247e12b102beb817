/** Small elements: a digest that copies itself, a meter against a target, the picture of an energy arc, lists that count. */

import { define, h, svg } from "../lib/dom";

/** Copies, and says so beside the button for a moment. */
function copy(value: string, said: HTMLElement, otherwise: () => void): void {
  const done = (words: string): void => {
    said.textContent = words;
    setTimeout(() => (said.textContent = ""), 2500);
  };
  // Plain http has no clipboard.
  if (!navigator.clipboard) return otherwise();
  navigator.clipboard.writeText(value).then(
    () => done("copied"),
    () => done("not copied"),
  );
}

class Digest extends HTMLElement {
  connectedCallback(): void {
    const value = this.getAttribute("value") ?? "";
    if (!value || this.querySelector("button")) return;
    const shown = this.textContent ?? value;
    const said = h("span", { role: "status" });
    const button = h("button", { type: "button", title: `${value}: copy`, "aria-label": `Copy digest ${shown}` }, shown);
    // Without a clipboard the whole of it, ready to be marked.
    button.addEventListener("click", () => copy(value, said, () => button.replaceWith(h("code", { class: "wrap" }, value))));
    this.replaceChildren(button, said);
  }
}

/** `<dw-copy for="commands">`: a button that copies the text of that element, or marks it where there is no clipboard. */
class Copy extends HTMLElement {
  connectedCallback(): void {
    if (this.querySelector("button")) return;
    const said = h("span", { role: "status", class: "dim" });
    const button = h("button", { type: "button", class: "s quiet" }, this.getAttribute("words") ?? "Copy");
    button.addEventListener("click", () => {
      const from = document.getElementById(this.getAttribute("for") ?? "");
      if (from) copy(from.textContent ?? "", said, () => window.getSelection()?.selectAllChildren(from));
    });
    this.replaceChildren(button, said);
  }
}

class Meter extends HTMLElement {
  static observedAttributes = ["value", "target", "min", "max"];
  connectedCallback(): void {
    this.attributeChangedCallback();
  }
  attributeChangedCallback(): void {
    const number = (name: string, fallback: number): number => {
      const text = this.getAttribute(name);
      return text === null || text === "" ? fallback : Number(text.replace("−", "-"));
    };
    const min = number("min", 0);
    const max = number("max", 100);
    const share = (value: number): string => `${Math.max(0, Math.min(100, (100 * (value - min)) / (max - min)))}%`;
    const value = number("value", min);
    this.style.setProperty("--v", share(value));
    this.style.setProperty("--t", share(number("target", max)));
    this.setAttribute("role", "meter");
    this.setAttribute("aria-valuemin", String(min));
    this.setAttribute("aria-valuemax", String(max));
    this.setAttribute("aria-valuenow", String(value));
    if (!this.getAttribute("value")) this.setAttribute("aria-valuetext", "not measured");
    if (!this.hasAttribute("aria-label") && !this.hasAttribute("aria-labelledby")) this.setAttribute("aria-label", this.previousElementSibling?.textContent?.trim() || "level");
  }
}

/** Points of a smooth line through equally spaced levels 0..1 in a box of 100 by 40. */
export function arcPath(levels: readonly number[]): string {
  const points = (levels.length === 1 ? [levels[0] ?? 0, levels[0] ?? 0] : levels).map((level, index, all) => [(index / Math.max(1, all.length - 1)) * 100, 38 - level * 36] as const);
  let path = "";
  points.forEach(([x, y], index) => {
    const before = points[index - 1];
    const half = before ? ((x - before[0]) / 2).toFixed(2) : "0";
    path += before ? ` C${(before[0] + Number(half)).toFixed(2)} ${before[1].toFixed(2)} ${(x - Number(half)).toFixed(2)} ${y.toFixed(2)} ${x.toFixed(2)} ${y.toFixed(2)}` : `M${x} ${y.toFixed(2)}`;
  });
  return path;
}

export function levels(text: string | null): number[] {
  return (text ?? "")
    .split(/[,;\s]+/)
    .filter(Boolean)
    .map(Number)
    .filter(Number.isFinite)
    .map((level) => Math.max(0, Math.min(1, level)));
}

class Arc extends HTMLElement {
  connectedCallback(): void {
    const values = levels(this.getAttribute("values"));
    if (!values.length) return;
    this.replaceChildren(
      svg("svg", { class: "arc-view", viewBox: "0 0 100 40", preserveAspectRatio: "none", role: "img", "aria-label": `Energy: ${this.getAttribute("label") ?? values.map((value) => Math.round(value * 100)).join(", ")}` }, svg("path", { d: arcPath(values) })),
    );
  }
}

/** `<dw-tally>` around a list with tick boxes: how many are chosen is said on the bar, and one box chooses all that are shown. */
class Tally extends HTMLElement {
  #every: HTMLInputElement | null = null;

  connectedCallback(): void {
    const place = this.querySelector<HTMLElement>("[data-every]");
    if (place) {
      this.#every = h("input", { type: "checkbox", "aria-label": "Choose all on this page" });
      this.#every.addEventListener("change", () => {
        for (const box of this.#boxes) box.checked = this.#every?.checked ?? false;
        this.#say();
      });
      place.replaceChildren(this.#every);
    }
    this.addEventListener("change", this.#say);
    this.#say();
  }

  get #boxes(): HTMLInputElement[] {
    return [...this.querySelectorAll<HTMLInputElement>("tbody input[type=checkbox]")];
  }

  #say = (): void => {
    const boxes = this.#boxes;
    const all = this.querySelector<HTMLInputElement>("input[name=all]")?.checked ?? false;
    const chosen = all ? Number(this.getAttribute("total")) : boxes.filter(({ checked }) => checked).length;
    if (this.#every) {
      this.#every.checked = chosen > 0 && boxes.every(({ checked }) => checked);
      this.#every.indeterminate = !this.#every.checked && boxes.some(({ checked }) => checked);
    }
    const said = this.querySelector("[data-said]");
    if (said) said.textContent = chosen ? `${chosen} chosen: do something with ${chosen === 1 ? "it" : "them"}` : "Do something with the chosen ones";
    this.classList.toggle("has-chosen", chosen > 0);
  };
}

/** `<dw-walk>` around a search field and links with `data-hit`: the arrows walk from the field through what was found. */
class Walk extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("keydown", this.#onKey);
  }

  #onKey = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const field = this.querySelector<HTMLInputElement>("input[type=search]");
    const stops = [...(field ? [field] : []), ...this.querySelectorAll<HTMLElement>("a[data-hit]")];
    const at = stops.indexOf(document.activeElement as HTMLElement);
    const next = at < 0 ? undefined : stops[at + (event.key === "ArrowDown" ? 1 : -1)];
    if (!next) return;
    event.preventDefault();
    next.focus();
  };
}

define("dw-tally", Tally);
define("dw-walk", Walk);
define("dw-digest", Digest);
define("dw-copy", Copy);
define("dw-meter", Meter);
define("dw-arc", Arc);
