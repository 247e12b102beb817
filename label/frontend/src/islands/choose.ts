/**
 * <dw-choose source="/choose/artists/"><select>…</select></dw-choose>: a select with many options becomes a field that
 * searches them, after the pattern "Editable Combobox With List Autocomplete" of the ARIA Authoring Practices. The
 * select stays, hidden, and is what the form sends. What is written is looked for among its options at once and, with
 * `source`, by the house: by aliases, former names and numbers. With few options nothing changes. `total`: so many may
 * be chosen, of which the select holds the first; the others are found by the house.
 */

import { counted, FEW, meant, SHOWN, together, type Option } from "../lib/choices";
import { define, h } from "../lib/dom";

interface Answer {
  readonly found: readonly Option[];
}

let made = 0;

class Choose extends HTMLElement {
  #select!: HTMLSelectElement;
  #input!: HTMLInputElement;
  #list!: HTMLUListElement;
  #said!: HTMLElement;
  #options: Option[] = [];
  #shown: Option[] = [];
  #found: readonly Option[] = [];
  #active = -1;
  #asking = new AbortController();
  #wait = 0;

  connectedCallback(): void {
    const select = this.querySelector("select");
    if (!select || select.multiple) return;
    if (this.classList.contains("is-field")) this.#undo(select); // put back from the history
    if (select.options.length <= FEW) return;
    this.#select = select;
    this.#options = [...select.options].filter(({ value }) => value !== "").map((one) => ({ id: one.value, name: one.text.trim() }));
    this.#build();
  }

  disconnectedCallback(): void {
    this.#asking.abort();
    window.clearTimeout(this.#wait);
  }

  get #empty(): HTMLOptionElement | undefined {
    return [...this.#select.options].find(({ value }) => value === "");
  }

  /** How many may be chosen. */
  get #total(): number {
    return Math.max(this.#options.length, Number(this.getAttribute("total")) || 0);
  }

  get #open(): boolean {
    return !this.#list.hidden;
  }

  #undo(select: HTMLSelectElement): void {
    const input = this.querySelector("input");
    if (input?.id) select.id = input.id;
    select.required = input?.dataset["required"] === "true";
    for (const one of [...this.children]) if (one !== select) one.remove();
    select.hidden = false;
    this.classList.remove("is-field");
  }

  #build(): void {
    const select = this.#select;
    const id = select.id || `choose-${++made}`;
    const label = select.labels?.[0];
    const name = select.getAttribute("aria-label");
    const required = select.required;
    this.#list = h("ul", { id: `${id}-list`, role: "listbox", class: "choose-list", "aria-label": name ?? label?.firstChild?.textContent?.trim() ?? "Choices" });
    this.#list.hidden = true;
    this.#said = h("p", { class: "sr", role: "status" });
    this.#input = h("input", {
      type: "text", id, role: "combobox", autocomplete: "off", spellcheck: "false", "aria-autocomplete": "list", "aria-expanded": "false",
      "aria-controls": this.#list.id, "aria-label": name, "aria-describedby": select.getAttribute("aria-describedby"), "aria-invalid": select.getAttribute("aria-invalid"),
      "aria-required": required ? "true" : null, "data-required": String(required), placeholder: this.#empty?.text.trim() || "Write a part of the name", disabled: select.disabled,
    });
    // The label, hints and the error summary lead to the field that one sees.
    if (select.id) select.id = `${id}-value`;
    select.hidden = true;
    select.required = false;
    this.append(this.#input, this.#list, this.#said);
    this.classList.add("is-field");
    this.#input.addEventListener("input", () => this.#ask());
    this.#input.addEventListener("keydown", this.#onKey);
    this.#input.addEventListener("click", () => (this.#open ? undefined : this.#show("")));
    this.#input.addEventListener("focus", () => this.#input.select());
    this.#input.addEventListener("blur", () => this.#settle());
    // A press on the list must not take the focus from the field.
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.#list.addEventListener("click", (event) => {
      const at = [...this.#list.children].indexOf((event.target as Element).closest("[role=option]")!);
      if (at >= 0) this.#take(this.#shown[at]);
    });
    select.form?.addEventListener("reset", () => window.setTimeout(() => this.#write()));
    this.#write();
  }

  /** The field says what is chosen. */
  #write(): void {
    const chosen = this.#select.selectedOptions[0];
    this.#input.value = chosen && chosen.value !== "" ? chosen.text.trim() : "";
    this.#complain();
  }

  #complain(): void {
    const missing = this.#input.dataset["required"] === "true" && this.#select.value === "";
    this.#input.setCustomValidity(missing ? "Choose one from the list." : "");
  }

  #ask(): void {
    const text = this.#input.value;
    this.#found = [];
    this.#show(text);
    this.#asking.abort();
    window.clearTimeout(this.#wait);
    const source = this.getAttribute("source");
    if (!source || text.trim().length < 2) return;
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    this.#wait = window.setTimeout(async () => {
      try {
        const answer = await fetch(`${source}?words=${encodeURIComponent(text)}`, { signal, headers: { Accept: "application/json" } });
        if (!answer.ok || answer.redirected) return;
        this.#found = ((await answer.json()) as Answer).found;
      } catch {
        return; // offline: what the names here say is enough
      }
      if (!signal.aborted && this.#open) this.#show(text);
    }, 150);
  }

  #show(text: string): void {
    const kept = this.#shown[this.#active]?.id;
    const all = together(this.#options, meant(this.#options, text), this.#found, this.#total > this.#options.length);
    const empty = this.#empty;
    this.#shown = [...(empty && !text.trim() ? [{ id: "", name: empty.text.trim() || "none" }] : []), ...all].slice(0, SHOWN);
    const chosen = this.#select.value;
    this.#list.replaceChildren(
      ...this.#shown.map((one, index) =>
        h("li", { role: "option", id: `${this.#list.id}-${index}`, "aria-selected": "false", class: one.id === chosen ? "chosen" : null }, one.name, one.note ? " " : null, one.note ? h("small", {}, one.note) : null),
      ),
    );
    if (!this.#shown.length) this.#list.append(h("li", { class: "none", role: "presentation" }, counted(0, 0, text)));
    else if (all.length > SHOWN || !text.trim()) this.#list.append(h("li", { class: "none", role: "presentation" }, counted(all.length, this.#total, text)));
    this.#list.hidden = false;
    const below = window.innerHeight - this.#input.getBoundingClientRect().bottom;
    this.#list.classList.toggle("up", below < 240 && this.#input.getBoundingClientRect().top > below);
    this.#input.setAttribute("aria-expanded", "true");
    this.#said.textContent = counted(all.length, this.#total, text);
    this.#mark(kept === undefined ? -1 : this.#shown.findIndex(({ id }) => id === kept));
  }

  #hide(): void {
    this.#list.hidden = true;
    this.#active = -1;
    this.#input.setAttribute("aria-expanded", "false");
    this.#input.removeAttribute("aria-activedescendant");
    this.#said.textContent = "";
  }

  #mark(at: number): void {
    this.#active = at;
    [...this.#list.children].forEach((one, index) => one.role === "option" && one.setAttribute("aria-selected", String(index === at)));
    const item = at < 0 ? null : this.#list.children[at];
    if (item) {
      this.#input.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    } else this.#input.removeAttribute("aria-activedescendant");
  }

  #take(one: Option | undefined): void {
    if (!one) return;
    const before = this.#select.value;
    if (![...this.#select.options].some(({ value }) => value === one.id)) {
      this.#select.append(h("option", { value: one.id }, one.name));
      this.#options.push(one);
    }
    this.#select.value = one.id;
    this.#write();
    this.#hide();
    if (before !== one.id) this.#select.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** Left without choosing: a whole name is meant, an emptied field is the empty choice; anything else is taken back. */
  #settle(): void {
    const text = this.#input.value.trim();
    const same = meant(this.#options, text).filter(({ name }) => name.toLowerCase() === text.toLowerCase());
    if (!text && this.#empty) this.#take({ id: "", name: "" });
    else if (text && same.length === 1) this.#take(same[0]);
    else this.#write();
    this.#hide();
  }

  #onKey = (event: KeyboardEvent): void => {
    const { key } = event;
    const last = this.#shown.length - 1;
    if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      if (event.altKey && key === "ArrowUp") this.#hide();
      else if (!this.#open) {
        this.#show("");
        if (!event.altKey) this.#mark(key === "ArrowDown" ? Math.max(0, this.#shown.findIndex(({ id }) => id === this.#select.value)) : this.#shown.length - 1);
      } else if (key === "ArrowDown") this.#mark(this.#active >= last ? 0 : this.#active + 1);
      else this.#mark(this.#active <= 0 ? last : this.#active - 1);
    } else if (key === "Enter" && this.#open) {
      event.preventDefault();
      if (this.#active >= 0) this.#take(this.#shown[this.#active]);
      else if (this.#input.value.trim() && this.#shown.length === 1) this.#take(this.#shown[0]);
    } else if (key === "Escape" && this.#open) {
      event.preventDefault();
      event.stopPropagation(); // an open dialog stays open
      this.#hide();
      this.#write();
    } else if (key === "Tab" && this.#active >= 0) this.#take(this.#shown[this.#active]);
  };
}

define("dw-choose", Choose);
