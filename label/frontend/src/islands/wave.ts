/**
 * <dw-wave peaks="url" for="play-button-id" markers="ms,ms" section="from,to">: a waveform, and the way to move in it.
 * With `selectable`, dragging selects a stretch (`range="from,to"` in ms) and `dw:range` tells of it.
 */

import { define } from "../lib/dom";
import { bars, loadPeaks, type Peaks } from "../lib/peaks";
import { ordered, stretch, within, type Stretch } from "../lib/stretch";
import { spoken } from "../lib/time";

export interface Playhead {
  readonly url: string;
  readonly seconds: number;
  readonly duration: number;
  readonly playing: boolean;
  readonly loop: readonly [number, number] | null;
}

const near = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) if (entry.isIntersecting) (entry.target as Wave).load();
  },
  { rootMargin: "300px" },
);
const sized = new ResizeObserver((entries) => {
  for (const entry of entries) (entry.target as Wave).draw();
});

export class Wave extends HTMLElement {
  static observedAttributes = ["peaks", "for", "range", "section"];
  #canvas = document.createElement("canvas");
  #state = document.createElement("span");
  #peaks: Peaks | null = null;
  #asked = "";
  #head: Playhead | null = null;
  #drawn = "";
  #retry = 0;

  connectedCallback(): void {
    if (!this.#canvas.isConnected) {
      this.#canvas.setAttribute("aria-hidden", "true");
      this.#state.className = "w-state";
      this.replaceChildren(this.#canvas, this.#state);
    }
    near.observe(this);
    sized.observe(this);
    document.addEventListener("dw:playhead", this.#onPlayhead);
    document.addEventListener("dw:theme", this.#onTheme);
    if (this.hasAttribute("for")) {
      this.setAttribute("role", "slider");
      this.tabIndex = 0;
      this.addEventListener("pointerdown", this.#onPointer);
      this.addEventListener("keydown", this.#onKey);
      this.describe();
    }
  }

  disconnectedCallback(): void {
    near.unobserve(this);
    sized.unobserve(this);
    clearTimeout(this.#retry);
    document.removeEventListener("dw:playhead", this.#onPlayhead);
    document.removeEventListener("dw:theme", this.#onTheme);
    this.removeEventListener("pointerdown", this.#onPointer);
    this.removeEventListener("keydown", this.#onKey);
  }

  attributeChangedCallback(name: string): void {
    if (!this.isConnected) return;
    if (name === "range") this.describe();
    if (name === "peaks") {
      this.#peaks = null;
      this.#asked = "";
      this.load();
    }
    this.#drawn = "";
    this.draw();
  }

  get button(): HTMLElement | null {
    const id = this.getAttribute("for");
    return id ? document.getElementById(id) : null;
  }

  get duration(): number {
    const stated = Number(this.button?.dataset["durationMs"]) / 1000;
    return stated || this.#peaks?.durationSeconds || this.#head?.duration || 0;
  }

  /** The selected stretch in milliseconds; setting it tells nobody. */
  get range(): Stretch | null {
    return stretch(this.getAttribute("range"));
  }
  set range(value: Stretch | null) {
    if (value) this.setAttribute("range", value.map(Math.round).join());
    else this.removeAttribute("range");
  }

  #select(value: Stretch | null): void {
    this.range = value;
    this.dispatchEvent(new CustomEvent("dw:range", { bubbles: true, detail: { range: value } }));
  }

  load(): void {
    const url = this.getAttribute("peaks") ?? "";
    if (!url || this.#asked === url) return;
    this.#asked = url;
    loadPeaks(url).then(
      (peaks) => {
        if (this.getAttribute("peaks") !== url) return;
        this.#peaks = peaks;
        this.#state.textContent = "";
        this.#drawn = "";
        this.draw();
        this.describe();
      },
      (error: Error) => {
        if (this.getAttribute("peaks") !== url) return;
        this.#state.textContent = error.message.startsWith("waveform") ? error.message : "waveform could not be read";
        this.#asked = "";
        if (error.message === "waveform not ready" && this.isConnected) this.#retry = window.setTimeout(() => this.load(), 4000);
      },
    );
  }

  /** Says again where the playhead stands; also after the button got another name. */
  describe(): void {
    if (!this.hasAttribute("for")) return;
    const data = this.button?.dataset;
    const seconds = this.#head?.seconds ?? 0;
    this.setAttribute("aria-label", `Position in ${data?.["blind"] ?? data?.["title"] ?? "recording"}`);
    this.setAttribute("aria-valuemin", "0");
    this.setAttribute("aria-valuemax", String(Math.round(this.duration)));
    this.setAttribute("aria-valuenow", String(Math.min(Math.round(seconds), Math.round(this.duration))));
    const range = this.range;
    this.setAttribute("aria-valuetext", `${spoken(seconds)} of ${spoken(this.duration)}${range ? `, selected from ${spoken(range[0] / 1000)} to ${spoken(range[1] / 1000)}` : ""}`);
  }

  draw(): void {
    const width = Math.round(this.clientWidth);
    const height = Math.round(this.clientHeight);
    if (!width || !height) return;
    const duration = this.duration;
    const progress = this.#head && duration ? Math.min(1, this.#head.seconds / duration) : 0;
    const ratio = Math.min(3, devicePixelRatio || 1);
    const pitch = 3;
    const count = Math.max(1, Math.floor(width / pitch));
    const played = Math.round(progress * count);
    const loop = this.#head?.loop;
    const key = [width, height, ratio, played, this.#peaks?.length ?? 0, loop?.join() ?? "", this.getAttribute("markers") ?? "", this.getAttribute("range") ?? "", this.getAttribute("section") ?? "", document.documentElement.dataset["theme"] ?? ""].join("|");
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.#canvas.width = width * ratio;
    this.#canvas.height = height * ratio;
    const context = this.#canvas.getContext("2d");
    if (!context) return;
    const style = getComputedStyle(this);
    const ink = style.getPropertyValue("--wave").trim() || style.getPropertyValue("--ink-3").trim();
    const accent = style.getPropertyValue("--accent").trim();
    const colour = (value: string): string => resolve(value, this);
    context.scale(ratio, ratio);
    const middle = height / 2;
    if (loop && duration) {
      context.globalAlpha = 0.16;
      context.fillStyle = colour(accent);
      context.fillRect((loop[0] / duration) * width, 0, ((loop[1] - loop[0]) / duration) * width, height);
      context.globalAlpha = 1;
    }
    const band = (part: Stretch | null, alpha: number): void => {
      if (!part || !duration) return;
      const [from, to] = [(part[0] / 1000 / duration) * width, (part[1] / 1000 / duration) * width];
      context.fillStyle = colour(accent);
      context.globalAlpha = alpha;
      context.fillRect(from, 0, to - from, height);
      context.globalAlpha = 1;
      context.fillRect(from, 0, 1, height);
      context.fillRect(to - 1, 0, 1, height);
    };
    band(stretch(this.getAttribute("section")), 0.1);
    band(this.range, 0.22);
    const levels = this.#peaks ? bars(this.#peaks, count) : new Float32Array(count);
    for (let bar = 0; bar < count; bar++) {
      const half = Math.max(0.5, seen(levels[bar] ?? 0) * (middle - 1));
      context.fillStyle = colour(bar < played ? accent : ink);
      context.fillRect(bar * pitch, middle - half, 2, half * 2);
    }
    context.fillStyle = colour(accent);
    for (const marker of (this.getAttribute("markers") ?? "").split(",").filter(Boolean)) {
      if (!duration) break;
      const x = (Number(marker) / 1000 / duration) * width;
      context.beginPath();
      context.arc(x, 5, 4, 0, Math.PI * 2);
      context.fill();
      context.fillRect(x - 0.5, 5, 1, height);
    }
  }

  #onPlayhead = (event: Event): void => {
    const head = (event as CustomEvent<Playhead>).detail;
    const mine = this.button?.dataset["play"];
    if (mine && mine === head.url) {
      const before = this.#head;
      this.#head = head;
      if (!before || Math.round(before.seconds) !== Math.round(head.seconds)) this.describe();
      this.draw();
    } else if (this.#head) {
      this.#head = null;
      this.describe();
      this.draw();
    }
  };

  #onTheme = (): void => {
    this.#drawn = "";
    this.draw();
  };

  #seek(seconds: number): void {
    const button = this.button;
    if (button) button.dispatchEvent(new CustomEvent("dw:seek", { bubbles: true, detail: { seconds: Math.max(0, Math.min(this.duration, seconds)) } }));
  }

  #onPointer = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const box = this.getBoundingClientRect();
    const seconds = (pointer: PointerEvent): number => Math.max(0, Math.min(1, (pointer.clientX - box.left) / box.width)) * this.duration;
    const begun = event.clientX;
    const from = seconds(event);
    const selects = this.hasAttribute("selectable");
    let dragged = false;
    const at = (pointer: PointerEvent): void => {
      if (!selects) return this.#seek(seconds(pointer));
      dragged ||= Math.abs(pointer.clientX - begun) > 4;
      if (dragged) this.range = ordered(from * 1000, seconds(pointer) * 1000);
    };
    if (!selects) at(event);
    this.setPointerCapture(event.pointerId);
    this.addEventListener("pointermove", at);
    const done = (pointer: PointerEvent): void => {
      this.removeEventListener("pointermove", at);
      if (!selects) return;
      if (dragged) this.#select(this.range);
      else if (pointer.type === "lostpointercapture") this.#seek(from);
    };
    this.addEventListener("lostpointercapture", done, { once: true });
  };

  #onKey = (event: KeyboardEvent): void => {
    const now = this.#head?.seconds ?? 0;
    if (this.hasAttribute("selectable") && this.#selects(event, now * 1000)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const step: Record<string, number> = { ArrowRight: now + 5, ArrowLeft: now - 5, ArrowUp: now + 5, ArrowDown: now - 5, PageUp: now + 30, PageDown: now - 30, Home: 0, End: this.duration - 0.5 };
    const to = step[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.#seek(to);
  };

  /** [ and ] put an end of the stretch at the playhead, Shift with an arrow moves its end, Escape drops it. */
  #selects(event: KeyboardEvent, now: number): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const range = this.range;
    const all = this.duration * 1000;
    const ends: Record<string, Stretch | null> = {
      "[": within(ordered(now, Math.max(range?.[1] ?? all, now)), all),
      "]": within(ordered(Math.min(range?.[0] ?? 0, now), now), all),
    };
    if (event.shiftKey && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
      const by = event.key === "ArrowRight" ? 1000 : -1000;
      this.#select(within(range ? [range[0], Math.max(range[0], range[1] + by)] : ordered(now, now + by), all));
      return true;
    }
    if (event.key === "Escape" && range) this.#select(null);
    else if (event.key in ends) this.#select(ends[event.key] ?? null);
    else return false;
    return true;
  }
}

/** Height of a level on screen: quiet passages are lifted a little, so that there is something to aim at. */
export const seen = (level: number): number => level ** 0.72;

const resolved = new Map<string, string>();

/** light-dark() and var() are for CSS; a canvas wants the colour itself. */
export function resolve(value: string, inside: HTMLElement): string {
  const scheme = document.documentElement.dataset["theme"] ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  const key = `${scheme}|${value}`;
  const known = resolved.get(key);
  if (known) return known;
  const probe = document.createElement("i");
  probe.style.color = value;
  probe.hidden = true;
  inside.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  if (colour) resolved.set(key, colour);
  return colour || value;
}

define("dw-wave", Wave);
