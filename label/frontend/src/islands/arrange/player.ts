/** Audition of a document in the browser, by the laws of the server's render, which are Web Audio's: gain, linear fades, equal-power pan. */

import type { Arrangement, Clip } from "../../lib/arrangement";
import { millibelToGain } from "../../lib/gain";
import type { Source } from "./editor";

/** Amplitude of a clip's fades at a place within it, 0..1. */
export function envelope(clip: Clip, at: number): number {
  const fadeIn = clip.fade_in_samples > 0 ? Math.min(1, at / clip.fade_in_samples) : 1;
  const fadeOut = clip.fade_out_samples > 0 ? Math.min(1, (clip.length_samples - at) / clip.fade_out_samples) : 1;
  return Math.max(0, Math.min(fadeIn, fadeOut));
}

/** Puts every audible clip that sounds at or after `fromSamples` on the context's clock, beginning at `when`. */
export function schedule(context: BaseAudioContext, document: Arrangement, buffers: ReadonlyMap<string, AudioBuffer>, fromSamples: number, when: number, solo: ReadonlySet<string>, destination: AudioNode): AudioBufferSourceNode[] {
  const rate = document.sample_rate_hz;
  const nodes: AudioBufferSourceNode[] = [];
  for (const track of document.tracks) {
    if (track.mute || (solo.size > 0 && !solo.has(track.id))) continue;
    const input = new GainNode(context, { gain: millibelToGain(track.gain_millibel) });
    input.connect(destination);
    for (const clip of track.clips) {
      const buffer = buffers.get(clip.asset);
      const end = clip.start_samples + clip.length_samples;
      if (clip.mute || !buffer || end <= fromSamples) continue;
      const skipped = Math.max(0, fromSamples - clip.start_samples);
      const at = when + Math.max(0, clip.start_samples - fromSamples) / rate;
      const loud = millibelToGain(clip.gain_millibel);
      const shape = new GainNode(context, { gain: 0 });
      shape.gain.setValueAtTime(loud * envelope(clip, skipped), at);
      for (const point of [clip.fade_in_samples, clip.length_samples - clip.fade_out_samples, clip.length_samples]) {
        if (point > skipped) shape.gain.linearRampToValueAtTime(loud * envelope(clip, point), at + (point - skipped) / rate);
      }
      const source = new AudioBufferSourceNode(context, { buffer });
      // A panner for each clip, not for the track: one channel and two are panned by different rules.
      source.connect(shape).connect(new StereoPannerNode(context, { pan: track.pan_percent / 100 })).connect(input);
      source.start(at, (clip.offset_samples + skipped) / rate, (clip.length_samples - skipped) / rate);
      nodes.push(source);
    }
  }
  return nodes;
}

export class Player {
  #context: AudioContext | null = null;
  #buffers = new Map<string, AudioBuffer>();
  #loading = new Map<string, Promise<void>>();
  #nodes: AudioBufferSourceNode[] = [];
  #out: GainNode | null = null;
  #from = 0;
  #startedAt = 0;
  #run = 0;
  playing = false;
  /** Words for the listener about assets that could not be had. */
  problem = "";

  constructor(private readonly sources: ReadonlyMap<string, Source>) {}

  /** Where the sound stands, in samples of the document. */
  position(rate: number): number {
    if (!this.playing || !this.#context) return this.#from;
    return this.#from + Math.max(0, this.#context.currentTime - this.#startedAt) * rate;
  }

  /** Fetches what is missing, then plays. Resolves when sound begins; a later call supersedes an earlier one. */
  async play(document: Arrangement, fromSamples: number, solo: ReadonlySet<string>): Promise<boolean> {
    const run = ++this.#run;
    if (!this.#context) {
      try {
        this.#context = new AudioContext({ sampleRate: document.sample_rate_hz });
      } catch {
        this.#context = new AudioContext();
      }
    }
    const context = this.#context;
    await context.resume();
    this.problem = "";
    const wanted = new Set(document.tracks.flatMap((track) => (track.mute || (solo.size && !solo.has(track.id)) ? [] : track.clips.filter((clip) => !clip.mute && clip.start_samples + clip.length_samples > fromSamples).map((clip) => clip.asset))));
    await Promise.all([...wanted].map((asset) => this.#load(context, asset)));
    if (run !== this.#run) return false;
    this.#silence();
    this.#out = new GainNode(context, { gain: 1 });
    this.#out.connect(context.destination);
    const when = context.currentTime + 0.03;
    this.#nodes = schedule(context, document, this.#buffers, fromSamples, when, solo, this.#out);
    this.#from = fromSamples;
    this.#startedAt = when;
    this.playing = true;
    return true;
  }

  stop(rate: number): number {
    const at = this.position(rate);
    this.#run++;
    this.#silence();
    this.playing = false;
    this.#from = at;
    return at;
  }

  close(): void {
    this.#run++;
    this.#silence();
    this.playing = false;
    void this.#context?.close();
    this.#context = null;
  }

  #silence(): void {
    const out = this.#out;
    const nodes = this.#nodes;
    this.#nodes = [];
    this.#out = null;
    if (!out || !this.#context) return;
    out.gain.setTargetAtTime(0, this.#context.currentTime, 0.004);
    setTimeout(() => {
      for (const node of nodes) node.stop();
      out.disconnect();
    }, 40);
  }

  #load(context: AudioContext, asset: string): Promise<void> {
    if (this.#buffers.has(asset)) return Promise.resolve();
    const known = this.#loading.get(asset);
    if (known) return known;
    const source = this.sources.get(asset);
    const load = (async (): Promise<void> => {
      try {
        if (!source) throw new Error("no address");
        const response = await fetch(source.audio_url, { credentials: "same-origin" });
        if (!response.ok) throw new Error(String(response.status));
        this.#buffers.set(asset, await context.decodeAudioData(await response.arrayBuffer()));
      } catch {
        this.problem = `${source?.name ?? "A clip"} could not be loaded and stays silent here; the render on the server is not affected.`;
      } finally {
        this.#loading.delete(asset);
      }
    })();
    this.#loading.set(asset, load);
    return load;
  }
}
