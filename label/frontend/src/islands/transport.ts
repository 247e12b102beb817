/** <dw-transport>: the one player of the site. It stays while pages change; any [data-play] button hands it a sound. */

import { define, h, isTyping, pressesWithSpace, sendJson, toast } from "../lib/dom";
import { dbToGain, matchGainDb } from "../lib/gain";
import { HeardLog } from "../lib/heard";
import { clock, decibels } from "../lib/time";
import type { Playhead } from "./wave";

interface Track {
  readonly url: string;
  readonly audio: HTMLAudioElement;
  readonly heard: HeardLog;
  peaks: string;
  title: string;
  sub: string;
  href: string;
  lufs: number | null;
  group: string;
  heardUrl: string;
  duration: number;
}

const KEPT_OPEN = 12;
const PROXY = "transport-sound";

export class Transport extends HTMLElement {
  #tracks = new Map<string, Track>();
  #current: Track | null = null;
  #levels = new Map<string, Map<string, number | null>>();
  #matching = true;
  #loop: [number, number] | null = null;
  #frame = 0;
  #flushTimer = 0;
  #play = h("button", { type: "button", class: "play", id: PROXY, "aria-pressed": "false", "aria-label": "Play" });
  #time = h("span", { class: "mono t-time" });
  #wave = h("dw-wave", { for: PROXY });
  #chip = h("button", { type: "button", class: "chip hide-s", "aria-pressed": "true", hidden: true });
  #looped = h("button", { type: "button", class: "chip a", hidden: true, title: "Stop looping (L)" });
  #title = h("a", { class: "t-title" });

  connectedCallback(): void {
    if (!this.#play.isConnected) {
      this.replaceChildren(
        h("div", { class: "t-left" }, this.#play, this.#time),
        h("div", { class: "t-wave" }, this.#wave),
        h("div", { class: "t-right" }, this.#looped, this.#chip, this.#title),
      );
      this.#play.addEventListener("click", (event) => {
        event.stopPropagation();
        this.toggle();
      });
      this.#chip.addEventListener("click", () => {
        this.#matching = !this.#matching;
        this.#applyGain();
      });
      this.#looped.addEventListener("click", () => this.#setLoop(null));
    }
    document.addEventListener("click", this.#onClick);
    document.addEventListener("dw:seek", this.#onSeek);
    document.addEventListener("dw:arrive", this.#onArrive);
    document.addEventListener("dw:playing", this.#onOther);
    document.addEventListener("keydown", this.#onKey);
    document.addEventListener("visibilitychange", this.#onHide);
    addEventListener("pagehide", this.#onLeave);
    this.#flushTimer = window.setInterval(() => this.#flush(), 20_000);
  }

  disconnectedCallback(): void {
    document.removeEventListener("click", this.#onClick);
    document.removeEventListener("dw:seek", this.#onSeek);
    document.removeEventListener("dw:arrive", this.#onArrive);
    document.removeEventListener("dw:playing", this.#onOther);
    document.removeEventListener("keydown", this.#onKey);
    document.removeEventListener("visibilitychange", this.#onHide);
    removeEventListener("pagehide", this.#onLeave);
    clearInterval(this.#flushTimer);
  }

  /** Address of what is loaded, or an empty string. */
  get url(): string {
    return this.#current?.url ?? "";
  }

  get playing(): boolean {
    return this.#current !== null && !this.#current.audio.paused;
  }

  get seconds(): number {
    return this.#current?.audio.currentTime ?? 0;
  }

  /** Plays what a [data-play] button describes; within one group the playhead stays where it is. */
  async playButton(button: HTMLElement, atSeconds?: number): Promise<void> {
    const track = this.#trackOf(button);
    const before = this.#current;
    let at = atSeconds;
    if (at === undefined && before && before !== track && before.group && before.group === track.group) at = before.audio.currentTime;
    if (before && before !== track) {
      before.audio.pause();
      before.heard.close();
      if (before.group !== track.group) this.#loop = null;
    }
    this.#current = track;
    this.#readLevels(track.group);
    if (before !== track) this.#flush(before);
    if (at !== undefined) this.#place(track, at);
    this.#applyGain();
    this.#show(track);
    await this.#start();
  }

  toggle(): void {
    if (!this.#current) return;
    if (this.#current.audio.paused) void this.#start();
    else this.pause();
  }

  pause(): void {
    this.#current?.audio.pause();
  }

  seek(seconds: number): void {
    if (!this.#current) return;
    this.#current.heard.close();
    this.#place(this.#current, Math.max(0, seconds));
    this.#report();
  }

  async #start(): Promise<void> {
    const track = this.#current;
    if (!track) return;
    document.dispatchEvent(new CustomEvent("dw:playing", { detail: { who: this } }));
    if (track.audio.ended) track.audio.currentTime = this.#loop?.[0] ?? 0;
    try {
      await track.audio.play();
    } catch (error) {
      const name = (error as DOMException).name;
      if (name === "NotSupportedError") toast(`${track.title || "This recording"} could not be played. Reload the page; if it stays silent, the file may still be in preparation.`, "error");
      // AbortError: another take was chosen meanwhile. NotAllowedError: the browser wants a click first.
    }
    this.#sync();
  }

  #place(track: Track, seconds: number): void {
    const end = Number.isFinite(track.audio.duration) ? track.audio.duration : track.duration;
    const to = end ? Math.min(seconds, Math.max(0, end - 0.05)) : seconds;
    if (track.audio.readyState === 0) {
      track.audio.addEventListener("loadedmetadata", () => (track.audio.currentTime = to), { once: true });
      track.audio.load();
    } else track.audio.currentTime = to;
  }

  #trackOf(button: HTMLElement): Track {
    const data = button.dataset;
    const url = data["play"] ?? "";
    let track = this.#tracks.get(url);
    if (!track) {
      const audio = new Audio();
      audio.preload = "auto";
      audio.src = url;
      track = { url, audio, heard: new HeardLog(), peaks: "", title: "", sub: "", href: "", lufs: null, group: "", heardUrl: "", duration: 0 };
      this.#tracks.set(url, track);
      this.#listen(track);
      this.#dropOldest();
    }
    track.peaks = data["peaks"] ?? "";
    track.title = data["blind"] ?? data["title"] ?? "";
    track.sub = data["blind"] ? "" : (data["sub"] ?? "");
    track.href = data["href"] ?? location.pathname + location.search;
    track.lufs = level(data["lufs"]);
    track.group = data["group"] ?? "";
    track.heardUrl = data["heard"] ? data["heard"] + (data["blind"] ? "?blind=1" : "") : "";
    track.duration = Number(data["durationMs"] ?? 0) / 1000;
    return track;
  }

  #listen(track: Track): void {
    const { audio } = track;
    audio.addEventListener("timeupdate", () => {
      if (!audio.paused && track === this.#current) track.heard.tick(audio.currentTime * 1000);
    });
    audio.addEventListener("playing", () => {
      track.heard.tick(audio.currentTime * 1000);
      this.#sync();
    });
    audio.addEventListener("pause", () => {
      track.heard.tick(audio.currentTime * 1000);
      track.heard.close();
      this.#flush(track);
      if (track === this.#current) this.#sync();
    });
    audio.addEventListener("seeking", () => track.heard.close());
    audio.addEventListener("loadedmetadata", () => track === this.#current && this.#report());
    audio.addEventListener("ended", () => {
      if (track !== this.#current) return;
      if (this.#loop) {
        audio.currentTime = this.#loop[0];
        void this.#start();
      } else this.#sync();
    });
    audio.addEventListener("error", () => {
      if (track === this.#current && audio.error?.code === MediaError.MEDIA_ERR_NETWORK) toast("The sound stopped arriving. Press play to try again.", "error");
      if (track === this.#current) this.#sync();
    });
  }

  #dropOldest(): void {
    for (const [url, track] of this.#tracks) {
      if (this.#tracks.size <= KEPT_OPEN) return;
      if (track === this.#current) continue;
      track.audio.pause();
      track.audio.removeAttribute("src");
      track.audio.load();
      this.#tracks.delete(url);
    }
  }

  /** Loudness of all members of a comparison on this page; remembered when the page goes away. */
  #readLevels(group: string): void {
    if (!group) return;
    const levels = this.#levels.get(group) ?? new Map<string, number | null>();
    for (const button of document.querySelectorAll<HTMLElement>(`[data-play][data-group="${CSS.escape(group)}"]`)) levels.set(button.dataset["play"] ?? "", level(button.dataset["lufs"]));
    this.#levels.set(group, levels);
  }

  #applyGain(): void {
    const track = this.#current;
    if (!track) return;
    const levels = [...(this.#levels.get(track.group)?.values() ?? [])];
    const gainDb = this.#matching ? matchGainDb(track.lufs, levels) : 0;
    track.audio.volume = dbToGain(gainDb);
    const comparable = track.lufs !== null && levels.filter((value) => value !== null).length > 1;
    this.#chip.hidden = !comparable;
    this.#chip.setAttribute("aria-pressed", String(this.#matching));
    this.#chip.textContent = this.#matching ? `A/B matched ${decibels(gainDb)}` : "A/B as loud as made";
    this.#chip.title = this.#matching ? "Louder takes are turned down to the quietest. Press to hear them as loud as they were made." : "Press to compare at equal loudness.";
  }

  #show(track: Track): void {
    this.classList.add("live");
    this.#title.textContent = [track.title, track.sub].filter(Boolean).join(" · ");
    this.#title.setAttribute("href", track.href);
    const data = this.#play.dataset;
    data["play"] = track.url;
    data["title"] = track.title;
    data["durationMs"] = String(Math.round(track.duration * 1000) || "");
    if (track.peaks && this.#wave.getAttribute("peaks") !== track.peaks) this.#wave.setAttribute("peaks", track.peaks);
    if (!track.peaks) this.#wave.removeAttribute("peaks");
    if ("mediaSession" in navigator) {
      navigator.mediaSession.metadata = new MediaMetadata({ title: track.title, artist: track.sub });
      navigator.mediaSession.setActionHandler("play", () => this.toggle());
      navigator.mediaSession.setActionHandler("pause", () => this.pause());
    }
  }

  /** Brings every play button on the page, the clock and the waveforms into line with what is heard. */
  #sync(): void {
    const playing = this.playing;
    for (const button of document.querySelectorAll<HTMLElement>("[data-play]")) {
      const mine = this.#current !== null && button.dataset["play"] === this.#current.url;
      button.setAttribute("aria-pressed", String(mine && playing));
      const name = button.dataset["blind"] ?? button.dataset["title"] ?? "recording";
      button.setAttribute("aria-label", `${mine && playing ? "Pause" : "Play"} ${name}`);
    }
    this.#report();
    cancelAnimationFrame(this.#frame);
    if (playing) this.#frame = requestAnimationFrame(this.#onFrame);
  }

  #onFrame = (): void => {
    const audio = this.#current?.audio;
    if (!audio || audio.paused) return;
    if (this.#loop && audio.currentTime >= this.#loop[1]) audio.currentTime = this.#loop[0];
    this.#report();
    this.#frame = requestAnimationFrame(this.#onFrame);
  };

  #report(): void {
    const track = this.#current;
    if (!track) return;
    const duration = Number.isFinite(track.audio.duration) ? track.audio.duration : track.duration;
    const detail: Playhead = { url: track.url, seconds: track.audio.currentTime, duration, playing: this.playing, loop: this.#loop };
    this.#time.replaceChildren(clock(detail.seconds, true), h("i", {}, ` / ${clock(duration)}`));
    document.dispatchEvent(new CustomEvent("dw:playhead", { detail }));
  }

  #setLoop(loop: [number, number] | null): void {
    this.#loop = loop;
    this.#looped.hidden = loop === null;
    if (loop) this.#looped.textContent = `loop ${clock(loop[0])}–${clock(loop[1])}`;
    this.#report();
  }

  #flush(track: Track | null = this.#current, leaving = false): void {
    if (!track?.heardUrl) return;
    const spans = track.heard.take();
    if (!spans.length) return;
    void sendJson("POST", track.heardUrl, { spans }, { keepalive: true }).catch(() => {
      // Not heard of by the server: offered again with the next batch, unless the page is going away.
      if (!leaving) track.heard.restore(spans);
    });
  }

  #onClick = (event: Event): void => {
    const button = (event.target as Element).closest<HTMLElement>("[data-play]");
    if (!button || this.contains(button)) return;
    event.preventDefault();
    // A button for one moment starts there; while that moment is on it stops like any other.
    const from = button.dataset["fromMs"] === undefined ? undefined : Number(button.dataset["fromMs"]) / 1000;
    const until = Number(button.dataset["toMs"] ?? Infinity) / 1000;
    const here = this.#current?.url === button.dataset["play"] && (from === undefined || (this.seconds >= from && this.seconds <= until));
    if (here) this.toggle();
    else void this.playButton(button, from);
  };

  #onSeek = (event: Event): void => {
    const button = event.target as HTMLElement;
    const { seconds } = (event as CustomEvent<{ seconds: number }>).detail;
    if (this.contains(button) || button.dataset["play"] === this.#current?.url) this.seek(seconds);
    else if (button.dataset["play"]) void this.playButton(button, seconds);
  };

  #onArrive = (): void => {
    const track = this.#current;
    if (!track) return;
    const button = document.querySelector<HTMLElement>(`main [data-play="${CSS.escape(track.url)}"]`);
    if (button) this.#show(this.#trackOf(button));
    this.#readLevels(track.group);
    this.#sync();
  };

  #onOther = (event: Event): void => {
    if ((event as CustomEvent<{ who: unknown }>).detail.who !== this) this.pause();
  };

  #onHide = (): void => {
    if (document.visibilityState === "hidden") this.#flush();
  };

  #onLeave = (): void => {
    if (this.#current) this.#current.heard.tick(this.#current.audio.currentTime * 1000);
    this.#flush(this.#current, true);
  };

  #onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || isTyping(event) || !this.#current) return;
    const { audio } = this.#current;
    if (event.key === " ") {
      if (pressesWithSpace(event)) return;
      this.toggle();
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      if ((event.target as Element).closest("[role=slider], [role=tablist], select, input, .scroll, .tl-scroll")) return;
      this.seek(audio.currentTime + (event.key === "ArrowRight" ? 5 : -5));
    } else if (event.key === "l" || event.key === "L") {
      this.#setLoop(this.#loop ? null : [0, audio.duration || this.#current.duration]);
    } else if (event.key === "i" || event.key === "I") {
      this.#setLoop([audio.currentTime, Math.max(this.#loop?.[1] ?? 0, 0) > audio.currentTime + 0.2 ? (this.#loop?.[1] ?? 0) : audio.duration || this.#current.duration]);
    } else if (event.key === "o" || event.key === "O") {
      const from = this.#loop?.[0] ?? 0;
      if (audio.currentTime > from + 0.2) this.#setLoop([from, audio.currentTime]);
    } else return;
    event.preventDefault();
  };
}

function level(text: string | undefined): number | null {
  const value = text ? Number(text.replace("−", "-")) : NaN;
  return Number.isFinite(value) ? value : null;
}

export function transport(): Transport | null {
  return document.querySelector<Transport>("dw-transport");
}

define("dw-transport", Transport);
