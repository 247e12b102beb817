/** <dw-takes>: keys, blind comparison and the reason line over a list of .take articles, which stay plain forms. */

import { define, h, isTyping } from "../lib/dom";
import { transport } from "./transport";
import type { Playhead, Wave } from "./wave";

type Decision = "keep" | "let_go";

class Takes extends HTMLElement {
  #order: HTMLElement[] = [];
  #blind = false;
  #decided = "";
  #observer = new MutationObserver(() => this.#changed());

  connectedCallback(): void {
    this.addEventListener("click", this.#onClick, true);
    this.addEventListener("keydown", this.#onKeyInside);
    document.addEventListener("keydown", this.#onKey);
    document.addEventListener("dw:playhead", this.#onPlayhead);
    this.#watch();
    this.#changed();
  }

  disconnectedCallback(): void {
    this.removeEventListener("click", this.#onClick, true);
    this.removeEventListener("keydown", this.#onKeyInside);
    document.removeEventListener("keydown", this.#onKey);
    document.removeEventListener("dw:playhead", this.#onPlayhead);
    this.#observer.disconnect();
  }

  get #list(): HTMLElement {
    return this.querySelector<HTMLElement>("#takes") ?? this;
  }

  get #takes(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>("article.take")];
  }

  #watch(): void {
    this.#observer.observe(this.#list, { childList: true });
  }

  #quietly(change: () => void): void {
    this.#observer.disconnect();
    change();
    this.#observer.takeRecords();
    this.#watch();
  }

  /** After htmx brought a row anew: give it its place in the blind order, and the focus back. */
  #changed(): void {
    if (this.#blind) this.#quietly(() => this.#label());
    if (this.#decided) {
      const row = document.getElementById(this.#decided);
      this.#decided = "";
      row?.querySelector<HTMLElement>(".play")?.focus({ preventScroll: true });
    }
    document.dispatchEvent(new CustomEvent("dw:arrive"));
  }

  #setBlind(on: boolean): void {
    if (on === this.#blind) return;
    this.#blind = on;
    this.classList.toggle("blind", on);
    this.querySelector("[data-blind]")?.setAttribute("aria-pressed", String(on));
    this.#quietly(() => {
      if (on) {
        transport()?.pause();
        this.#order = this.#takes;
        const open = this.#order.filter((take) => take.dataset["state"] === "open");
        const others = this.#order.filter((take) => take.dataset["state"] !== "open");
        this.#list.append(...shuffle(open), ...others);
        this.#label();
      } else {
        // Rows may have been swapped since; they are found again by id.
        const all = this.#takes.sort((a, b) => Number(a.dataset["number"]) - Number(b.dataset["number"]));
        for (const take of all) this.#reveal(take);
        this.#list.append(...all);
      }
    });
    document.dispatchEvent(new CustomEvent("dw:arrive"));
  }

  #label(): void {
    this.#takes.forEach((take, index) => {
      const button = take.querySelector<HTMLElement>("[data-play]");
      const number = take.querySelector<HTMLElement>(".no");
      if (take.dataset["state"] === "open") {
        if (number) number.textContent = String(index + 1);
        if (button) button.dataset["blind"] = `blind ${index + 1}`;
      } else {
        this.#reveal(take);
        if (number) number.textContent = String(index + 1);
        const meta = take.querySelector<HTMLElement>(".meta");
        if (meta && !meta.querySelector(".was")) meta.prepend(h("span", { class: "was" }, `take ${take.dataset["number"] ?? ""}`));
      }
      take.querySelector<Wave>("dw-wave")?.describe?.();
    });
  }

  #reveal(take: HTMLElement): void {
    const button = take.querySelector<HTMLElement>("[data-play]");
    if (button) delete button.dataset["blind"];
    const number = take.querySelector<HTMLElement>(".no");
    if (number && take.dataset["number"]) number.textContent = take.dataset["number"];
    if (!this.#blind) take.querySelector(".was")?.remove();
    take.querySelector<Wave>("dw-wave")?.describe?.();
  }

  #play(take: HTMLElement | undefined): void {
    const button = take?.querySelector<HTMLElement>("[data-play]");
    const player = transport();
    if (!take || !button || !player) return;
    if (player.url === button.dataset["play"]) {
      if (!player.playing) player.toggle();
    } else void player.playButton(button);
    // The focus goes along: what K and X mean is the take that was switched to.
    button.focus({ preventScroll: true });
    take.scrollIntoView({ block: "nearest" });
  }

  /** The take that keys mean: the one with the focus, else the one that is loaded in the player. */
  get #current(): HTMLElement | undefined {
    const focused = document.activeElement?.closest<HTMLElement>("article.take");
    if (focused && this.contains(focused)) return focused;
    const url = transport()?.url;
    return this.#takes.find((take) => url && take.querySelector<HTMLElement>("[data-play]")?.dataset["play"] === url);
  }

  #decide(take: HTMLElement | undefined, decision: Decision): void {
    const button = take?.querySelector<HTMLButtonElement>(`.act button[name="decision"][value="${decision}"]`);
    if (take && button && !button.disabled) this.#ask(take, button, decision);
  }

  /** Opens the reason line; the decision goes with Enter or its button, and the reason may stay empty. */
  #ask(take: HTMLElement, button: HTMLButtonElement, decision: Decision): void {
    take.querySelector(".reason")?.remove();
    const form = button.form;
    if (!form) return;
    const words = decision === "keep" ? "Keep" : "Let go";
    const id = `${take.id}-reason`;
    const input = h("input", { id, name: "reason", maxlength: "2000", autocomplete: "off", placeholder: decision === "keep" ? "Why this one? (may stay empty)" : "What is missing? (may stay empty)" });
    const chips = h("div", { class: "chips" });
    for (const chip of form.querySelector<HTMLTemplateElement>("template[data-reasons]")?.content.querySelectorAll<HTMLElement>("[data-for]") ?? []) {
      if (chip.dataset["for"] !== decision) continue;
      const copy = h("button", { type: "button", class: "chip" }, chip.textContent?.trim() ?? "");
      copy.addEventListener("click", () => {
        input.value = [input.value.trim(), copy.textContent].filter(Boolean).join(", ");
        input.focus();
      });
      chips.append(copy);
    }
    const send = h("button", { type: "button", class: "btn p" }, words);
    const cancel = h("button", { type: "button", class: "btn quiet" }, "Cancel");
    const line = h("div", { class: "reason" }, h("label", { for: id, class: "label" }, `${words}: the reason`), chips, h("div", { class: "line" }, input, send, cancel));
    const close = (): void => {
      line.remove();
      button.focus({ preventScroll: true });
    };
    const submit = (): void => {
      form.querySelectorAll("input[data-added]").forEach((old) => old.remove());
      form.append(h("input", { type: "hidden", name: "reason", value: input.value.trim(), "data-added": true }));
      if (this.#blind) form.append(h("input", { type: "hidden", name: "blind", value: "1", "data-added": true }));
      this.#decided = take.id;
      button.dataset["sure"] = "1";
      form.requestSubmit(button);
      delete button.dataset["sure"];
      send.disabled = true;
    };
    send.addEventListener("click", submit);
    cancel.addEventListener("click", close);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        submit();
      }
    });
    line.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        close();
      }
    });
    take.append(line);
    input.focus();
  }

  #onClick = (event: Event): void => {
    const target = event.target as Element;
    const toggle = target.closest("[data-blind]:not(.play)");
    if (toggle) {
      this.#setBlind(!this.#blind);
      return;
    }
    const button = target.closest<HTMLButtonElement>('.act button[name="decision"]');
    if (!button || button.dataset["sure"]) return;
    const take = button.closest<HTMLElement>("article.take");
    if (!take) return;
    event.preventDefault();
    event.stopPropagation();
    this.#ask(take, button, button.value as Decision);
  };

  #onKeyInside = (event: KeyboardEvent): void => {
    if (isTyping(event) || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    if ((event.target as Element).closest("[role=slider]")) return;
    this.#step(event, event.key === "ArrowDown" ? 1 : -1);
  };

  #step(event: KeyboardEvent, by: number): void {
    const takes = this.#takes;
    const now = takes.indexOf(this.#current as HTMLElement);
    const next = takes[now === -1 ? 0 : Math.max(0, Math.min(takes.length - 1, now + by))];
    event.preventDefault();
    next?.querySelector<HTMLElement>(".play")?.focus();
    if (transport()?.playing) this.#play(next);
  }

  #onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || isTyping(event)) return;
    const key = event.key.toLowerCase();
    if (/^[1-9]$/.test(key)) {
      const takes = this.#takes;
      const shown = (take: HTMLElement): string => take.querySelector(".no")?.textContent?.trim() ?? take.dataset["number"] ?? "";
      this.#play(takes.find((take) => shown(take) === key));
    } else if (key === "k") this.#decide(this.#current, "keep");
    else if (key === "x") this.#decide(this.#current, "let_go");
    else if (key === "b") this.#setBlind(!this.#blind);
    else return;
    event.preventDefault();
  };

  #onPlayhead = (event: Event): void => {
    const { url } = (event as CustomEvent<Playhead>).detail;
    for (const take of this.#takes) take.classList.toggle("on", take.querySelector<HTMLElement>("[data-play]")?.dataset["play"] === url);
  };
}

function shuffle<T>(items: readonly T[]): T[] {
  const out = [...items];
  for (let last = out.length - 1; last > 0; last--) {
    const other = (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % (last + 1);
    [out[last], out[other]] = [out[other] as T, out[last] as T];
  }
  return out;
}

define("dw-takes", Takes);
