/** <dw-inbox>: the keys of the inbox. Everything is a link, a form or a radio underneath. */

import { csrfToken, define, isTyping, pressesWithSpace, toast } from "../lib/dom";
import { go } from "../lib/go";
import type { Stretch } from "../lib/stretch";
import { clock } from "../lib/time";
import { transport } from "./transport";

class Inbox extends HTMLElement {
  #from: number | null = null;
  #sending: Promise<void> = Promise.resolve();
  #waiting = 0;
  #reveal = false;

  connectedCallback(): void {
    document.addEventListener("keydown", this.#onSpace, true);
    document.addEventListener("keydown", this.#onKey);
    this.addEventListener("submit", this.#onSubmit, true);
    this.addEventListener("change", this.#onChange);
    this.addEventListener("dw:range", this.#onRange);
    this.#point();
    // One that was left behind does not sound on under the next.
    if (transport()?.url.startsWith("/submission-files/") && !this.#playing) transport()?.pause();
  }

  disconnectedCallback(): void {
    document.removeEventListener("keydown", this.#onSpace, true);
    document.removeEventListener("keydown", this.#onKey);
  }

  /** The play button of this page's sound that the player holds; none where it holds another page's. */
  get #playing(): HTMLElement | null {
    const url = transport()?.url;
    return url ? this.querySelector<HTMLElement>(`[data-play="${CSS.escape(url)}"]`) : null;
  }

  get #ears(): HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>("[data-ear]")];
  }

  /** The criterion that the next number is for: the first without a score. */
  get #current(): HTMLElement | null {
    return this.#ears.find((ear) => !ear.querySelector("input:checked")) ?? null;
  }

  #point(): void {
    const current = this.#current;
    for (const ear of this.#ears) ear.classList.toggle("now", ear === current);
  }

  /** Scores go out one request after the other, each with all of them: quick keys never overtake each other. */
  #onChange = (event: Event): void => {
    const form = (event.target as Element).closest<HTMLFormElement>("#ears");
    if (!form) return;
    this.#point();
    this.#waiting += 1;
    this.#sending = this.#sending.then(async () => {
      this.#waiting -= 1;
      try {
        const response = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json", "X-CSRFToken": csrfToken() } });
        if (!response.ok) throw new Error(String(response.status));
        this.#reveal ||= ((await response.json()) as { reveal: boolean }).reveal;
      } catch {
        toast("The score was not kept. Check the connection and set it again.", "error");
      }
      if (this.#reveal && !this.#waiting) {
        this.#reveal = false;
        if (this.isConnected) go(location.href);
      }
    });
  };

  /** The form's own field of the note. */
  #field(name: string): HTMLInputElement | null {
    return this.querySelector<HTMLInputElement>(`[data-note] [name="${name}"]`);
  }

  /** A stretch that is drawn on a waveform is about that file. */
  #onRange = (event: Event): void => {
    const { range } = (event as CustomEvent<{ range: Stretch | null }>).detail;
    const button = document.getElementById((event.target as Element).getAttribute("for") ?? "");
    const file = this.#field("file");
    if (range && file && button?.dataset["file"]) file.value = file.dataset["drawn"] = button.dataset["file"];
    else if (file) delete file.dataset["drawn"];
  };

  #onSubmit = (event: Event): void => {
    // A note goes to the file that the stretch was drawn on, else to the one that is heard.
    const form = event.target as HTMLFormElement;
    const button = this.#playing;
    const field = this.#field("file");
    if (form.hasAttribute("data-note") && field && !field.dataset["drawn"] && button?.dataset["file"]) field.value = button.dataset["file"];
  };

  /** Before the player: Space is about the submission that is looked at, not about what sounded before it. */
  #onSpace = (event: KeyboardEvent): void => {
    if (event.key !== " " || isTyping(event) || pressesWithSpace(event) || this.#playing) return;
    const first = this.querySelector<HTMLElement>(".play");
    if (!first) return;
    event.preventDefault();
    event.stopPropagation();
    first.click();
  };

  #onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented) return;
    const field = (event.target as Element | null)?.closest?.<HTMLInputElement | HTMLTextAreaElement>("dw-inbox input, dw-inbox textarea");
    if (field && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      field.form?.requestSubmit();
      return;
    }
    if (field && event.key === "Escape") {
      // Back to the keys, with what was written still there.
      field.blur();
      return;
    }
    if (isTyping(event)) return;
    const key = event.key.toLowerCase();
    const go = (selector: string): void => this.querySelector<HTMLElement>(selector)?.click();
    if (key === "j") go("[data-next]");
    else if (key === "k") go("[data-before]");
    else if (key === "u") this.querySelector<HTMLFormElement>("[data-unblind]")?.requestSubmit();
    else if (key === "s") this.querySelector<HTMLFormElement>("[data-snooze]")?.requestSubmit();
    else if (key === "d") this.querySelector<HTMLElement>("[data-decide] input[type=radio]")?.focus();
    else if (key === "v") this.querySelector<HTMLElement>("[data-vote] input:checked, [data-vote] input")?.focus();
    else if (key === "a") (this.querySelector<HTMLElement>("[data-answer] textarea") ?? this.querySelector<HTMLElement>("[data-answer] a"))?.focus();
    else if (key === "n") this.#note();
    else if (key === "r") this.#range();
    else if (/^[1-5]$/.test(key)) {
      const ear = this.#current ?? this.#ears[0];
      const radio = ear?.querySelector<HTMLInputElement>(`input[value="${key}"]`);
      if (!radio) return;
      radio.checked = true;
      radio.dispatchEvent(new Event("change", { bubbles: true }));
      this.#point();
    } else return;
    event.preventDefault();
  };

  /** The moment goes into the note by itself. */
  #note(): void {
    const player = transport();
    const from = this.#field("from");
    const to = this.#field("to");
    if (from && player && this.#playing && !to?.value) from.value = clock(player.seconds, true);
    this.#field("text")?.focus();
  }

  /** Pressed at the beginning of a stretch and again at its end. */
  #range(): void {
    const player = transport();
    const from = this.#field("from");
    const to = this.#field("to");
    if (!player || !this.#playing || !from || !to) {
      toast("Play it first: R marks where a stretch begins, and R again where it ends.");
      return;
    }
    const now = player.seconds;
    if (this.#from === null || now <= this.#from) {
      this.#from = now;
      from.value = clock(now, true);
      to.value = "";
      toast(`From ${from.value}: press R again where it ends.`);
      return;
    }
    [from.value, to.value] = [clock(this.#from, true), clock(now, true)];
    this.#from = null;
    this.#field("text")?.focus();
  }
}

define("dw-inbox", Inbox);
