/** <dw-wave peaks="url" for="play-button-id" markers="ms,ms">: a waveform, and the way to move in it. */

import { define } from "../lib/dom";
import { bars, loadPeaks, type Peaks } from "../lib/peaks";
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
  static observedAttributes = ["peaks", "for"];
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
    this.setAttribute("aria-valuetext", `${spoken(seconds)} of ${spoken(this.duration)}`);
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
    const key = [width, height, ratio, played, this.#peaks?.length ?? 0, loop?.join() ?? "", this.getAttribute("markers") ?? "", document.documentElement.dataset["theme"] ?? ""].join("|");
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
    const at = (pointer: PointerEvent): void => {
      const box = this.getBoundingClientRect();
      this.#seek(((pointer.clientX - box.left) / box.width) * this.duration);
    };
    at(event);
    this.setPointerCapture(event.pointerId);
    this.addEventListener("pointermove", at);
    this.addEventListener("lostpointercapture", () => this.removeEventListener("pointermove", at), { once: true });
  };

  #onKey = (event: KeyboardEvent): void => {
    const now = this.#head?.seconds ?? 0;
    const step: Record<string, number> = { ArrowRight: now + 5, ArrowLeft: now - 5, ArrowUp: now + 5, ArrowDown: now - 5, PageUp: now + 30, PageDown: now - 30, Home: 0, End: this.duration - 0.5 };
    const to = step[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.#seek(to);
  };

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
