/**
 * <dw-hum action="upload url" for="select id" tempo="92" metre="4/4">: records a melody from the microphone, lets it be
 * heard, and takes it in as one's own performance recorded here. Without a microphone it says so and is no obstacle.
 */

import { csrfToken, define, h } from "../lib/dom";
import { complaint, countIn, LONGEST_S, peak, wav } from "../lib/hum";
import { moment } from "../lib/stretch";
import tape from "./tape.worklet?worker&url";

interface Block {
  readonly frame: number;
  readonly samples: Float32Array;
}
interface Answer {
  readonly ref?: string;
  readonly name?: string;
  readonly error?: { readonly message: string };
  readonly errors?: Record<string, string[]>;
}
type State = "idle" | "counting" | "recording" | "done" | "sending";

class Hum extends HTMLElement {
  #state: State = "idle";
  #context: AudioContext | null = null;
  #stream: MediaStream | null = null;
  #blocks: Float32Array[] = [];
  #first = 0;
  #heard = 0;
  #file: Blob | null = null;
  #url = "";
  #timer = 0;
  #record = h("button", { type: "button", class: "btn" }, "Record");
  #listen = h("button", { type: "button", class: "play s", id: "hum-play", "aria-label": "Play what you hummed", "aria-pressed": "false", hidden: true });
  #use = h("button", { type: "button", class: "btn p", hidden: true }, "Use this tune");
  #counts = h("input", { type: "checkbox", checked: true });
  #tempo = h("input", { type: "number", min: 30, max: 260, step: 1, "aria-label": "Tempo of the count-in" });
  #level = h("div", { class: "hum-level", role: "meter", "aria-label": "Level of the microphone", "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "0" }, h("i", {}));
  #clock = h("span", { class: "mono" });
  #said = h("p", { role: "status", class: "hint" });

  connectedCallback(): void {
    if (this.childElementCount) return;
    this.#tempo.value = String(Math.round(Number(this.getAttribute("tempo")) || 90));
    this.#record.addEventListener("click", () => void this.#press());
    this.#use.addEventListener("click", () => void this.#send());
    this.replaceChildren(
      h("div", { class: "hum" },
        h("div", { class: "bar" }, this.#record, this.#listen, this.#use, this.#clock, h("span", { class: "grow" }), h("label", { class: "check" }, this.#counts, h("span", {}, "Count in")), h("span", { class: "with-unit" }, this.#tempo, h("span", {}, "bpm"))),
        this.#level,
        this.#said,
      ),
    );
    if (!navigator.mediaDevices?.getUserMedia) {
      this.#record.disabled = true;
      this.#say("This page cannot reach a microphone: browsers give one to addresses with https and to this machine alone. Upload a recording instead.");
    } else this.#say("Hum, sing or play one line. You can listen before it is used.");
  }

  disconnectedCallback(): void {
    this.#close();
    if (this.#url) URL.revokeObjectURL(this.#url);
  }

  #say(words: string, bad = false): void {
    this.#said.textContent = words;
    this.#said.className = bad ? "error" : "hint";
  }

  async #press(): Promise<void> {
    if (this.#state === "recording" || this.#state === "counting") return this.#stop();
    if (this.#state === "sending") return;
    await this.#begin();
  }

  async #begin(): Promise<void> {
    this.#forget();
    try {
      // As it is sung: what is meant for speech takes the tune for noise.
      this.#stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
    } catch (error) {
      const { name } = error as DOMException;
      this.#say(name === "NotFoundError" ? "No microphone was found. Plug one in, or upload a recording." : "The microphone was not allowed. Allow it for this page in the address bar, then press Record again.", true);
      return;
    }
    const context = new AudioContext();
    this.#context = context;
    await context.audioWorklet.addModule(tape);
    await context.resume();
    const node = new AudioWorkletNode(context, "dw-tape", { channelCount: 1, channelCountMode: "explicit" });
    const silent = new GainNode(context, { gain: 0 });
    context.createMediaStreamSource(this.#stream).connect(node).connect(silent).connect(context.destination);
    document.dispatchEvent(new CustomEvent("dw:playing", { detail: { who: this } }));
    const wait = this.#counts.checked ? this.#count(context) : 0;
    this.#first = Math.round((context.currentTime + wait) * context.sampleRate);
    this.#heard = 0;
    node.port.onmessage = (event: MessageEvent<Block>) => this.#take(event.data, context.sampleRate);
    this.#become(wait ? "counting" : "recording");
  }

  /** Clicks for one bar; returns how long they last. */
  #count(context: AudioContext): number {
    const beats = countIn(Math.max(30, Math.min(260, Number(this.#tempo.value) || 90)), this.getAttribute("metre") ?? "4/4");
    const begin = context.currentTime + 0.1;
    beats.slice(0, -1).forEach((at, index) => {
      const click = new OscillatorNode(context, { frequency: index ? 880 : 1320 });
      const gain = new GainNode(context, { gain: 0 });
      gain.gain.setValueAtTime(0.25, begin + at);
      gain.gain.exponentialRampToValueAtTime(0.0005, begin + at + 0.06);
      click.connect(gain).connect(context.destination);
      click.start(begin + at);
      click.stop(begin + at + 0.07);
    });
    return 0.1 + (beats.at(-1) ?? 0);
  }

  #take(block: Block, rate: number): void {
    if (this.#state !== "counting" && this.#state !== "recording") return;
    this.#meter(peak(block.samples));
    if (block.frame + block.samples.length <= this.#first) {
      this.#clock.textContent = `in ${((this.#first - block.frame) / rate).toFixed(1)} s`;
      return;
    }
    if (this.#state === "counting") this.#become("recording");
    this.#blocks.push(block.samples);
    this.#heard += block.samples.length;
    this.#clock.textContent = moment((this.#heard / rate) * 1000);
    if (this.#heard > LONGEST_S * rate) this.#stop();
  }

  #meter(level: number): void {
    const shown = Math.min(100, Math.round(Math.sqrt(level) * 100));
    const before = Number(this.#level.getAttribute("aria-valuenow"));
    const now = Math.max(shown, Math.round(before * 0.93));
    this.#level.setAttribute("aria-valuenow", String(now));
    this.#level.style.setProperty("--v", `${now}%`);
    this.#level.classList.toggle("over", level > 0.98);
  }

  #stop(): void {
    const rate = this.#context?.sampleRate ?? 48_000;
    this.#close();
    const samples = new Float32Array(this.#heard);
    let at = 0;
    for (const block of this.#blocks) {
      samples.set(block, at);
      at += block.length;
    }
    this.#blocks = [];
    const wrong = complaint(samples, rate);
    if (wrong) {
      this.#become("idle");
      this.#say(wrong.message, true);
      return;
    }
    this.#file = wav(samples, rate);
    this.#url = URL.createObjectURL(this.#file);
    Object.assign(this.#listen.dataset, { play: this.#url, title: "what you hummed", durationMs: String(Math.round((samples.length / rate) * 1000)) });
    this.#become("done");
    this.#say("Listen to it, use it, or record it again.");
    this.#listen.focus();
  }

  #close(): void {
    clearTimeout(this.#timer);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    void this.#context?.close();
    this.#context = null;
    this.#meter(0);
    this.#level.setAttribute("aria-valuenow", "0");
    this.#level.style.setProperty("--v", "0%");
  }

  #forget(): void {
    this.#blocks = [];
    this.#heard = 0;
    this.#file = null;
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = "";
    delete this.#listen.dataset["play"];
  }

  #become(state: State): void {
    this.#state = state;
    this.dataset["state"] = state;
    const running = state === "recording" || state === "counting";
    this.#record.textContent = running ? "Stop" : state === "done" ? "Record again" : "Record";
    this.#record.setAttribute("aria-pressed", String(running));
    this.#listen.hidden = this.#use.hidden = state !== "done";
    this.#counts.disabled = this.#tempo.disabled = this.#record.disabled = state === "sending";
    if (running) this.#record.disabled = false;
    if (state === "counting") this.#say("Counting in.");
    if (state === "recording") this.#say("Recording. Press Stop when the tune is over.");
    if (state === "sending") this.#say("It is being taken in.");
  }

  async #send(): Promise<void> {
    const file = this.#file;
    if (!file) return;
    const name = `Hum, ${new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}`;
    const data = new FormData();
    for (const [key, value] of Object.entries({ name, role: "lead_vocal", declared: "own_performance", melody: "mine", lyrics: "absent", captured: "1" })) data.append(key, value);
    data.append("file", file, "hum.wav");
    this.#become("sending");
    let answer: Answer = {};
    try {
      const response = await fetch(this.getAttribute("action") ?? "", { method: "POST", credentials: "same-origin", headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest", "X-CSRFToken": csrfToken() }, body: data });
      answer = (await response.json()) as Answer;
    } catch {
      answer = { error: { message: "The connection broke. What you hummed is still here; use it again." } };
    }
    const wrong = answer.error?.message ?? Object.values(answer.errors ?? {}).flat().join(" ");
    if (!answer.ref) {
      this.#become("done");
      this.#say(wrong || "Something broke on our side. What you hummed is still here; try again in a minute.", true);
      return;
    }
    this.#become("idle");
    this.#say(`${answer.name ?? name} is in.`);
    this.#choose(answer.ref, answer.name ?? name);
  }

  /** The tune stands in the choice of melodies, as if it had been there before. */
  #choose(ref: string, name: string): void {
    const select = document.getElementById(this.getAttribute("for") ?? "");
    if (!(select instanceof HTMLSelectElement)) return;
    const value = `${ref}|audio`;
    select.append(h("option", { value }, name));
    select.value = value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

define("dw-hum", Hum);
