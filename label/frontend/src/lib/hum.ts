/** What a browser can tell of a hummed melody before it is sent, and the file it is sent as. The server decides. */

export const SHORTEST_S = 1;
export const LONGEST_S = 300;
const SILENT = 0.008; // peak, about -42 dBFS
const LOUD = 0.25; // of the loudest frame: what counts as being sung
const TUNED = 0.55; // normalised autocorrelation of a frame that has a pitch
const FRAME_S = 0.064;
const MOST_FRAMES = 700;

export interface Complaint {
  readonly code: "too_short" | "too_long" | "silence" | "noise";
  readonly message: string;
}

/** The sentence about a recording that is no melody; null for one that may be. `samples`: one channel, -1..1. */
export function complaint(samples: Float32Array, sampleRate: number): Complaint | null {
  const seconds = samples.length / sampleRate;
  if (seconds < SHORTEST_S) return { code: "too_short", message: `That was ${seconds.toFixed(1)} seconds. Hum for ${SHORTEST_S} second at least.` };
  if (seconds > LONGEST_S) return { code: "too_long", message: `That was ${Math.round(seconds / 60)} minutes. Hum the tune alone, ${LONGEST_S / 60} minutes at most.` };
  if (peak(samples) < SILENT) return { code: "silence", message: "Nothing was heard. Look whether the right microphone is chosen and turned up, and come closer." };
  if (tunedShare(samples, sampleRate) < 0.2) return { code: "noise", message: "There is no tune in it that could be followed, only noise. Hum or sing a single line, close to the microphone." };
  return null;
}

export function peak(samples: Float32Array): number {
  let largest = 0;
  for (let at = 0; at < samples.length; at++) largest = Math.max(largest, Math.abs(samples[at] as number));
  return largest;
}

/** How many of the loud frames have a pitch between 70 and 1000 Hz, 0..1. */
export function tunedShare(samples: Float32Array, sampleRate: number): number {
  const every = Math.max(1, Math.round(sampleRate / 8000));
  const rate = sampleRate / every;
  const low = new Float32Array(Math.floor(samples.length / every));
  for (let at = 0; at < low.length; at++) {
    let sum = 0;
    for (let part = 0; part < every; part++) sum += samples[at * every + part] as number;
    low[at] = sum / every;
  }
  const size = Math.round(FRAME_S * rate);
  const count = Math.floor(low.length / size);
  const step = Math.max(1, Math.ceil(count / MOST_FRAMES));
  const frames: Float32Array[] = [];
  for (let frame = 0; frame < count; frame += step) frames.push(low.subarray(frame * size, (frame + 1) * size));
  const levels = frames.map((frame) => Math.sqrt(frame.reduce((sum, value) => sum + value * value, 0) / size));
  const floor = Math.max(...levels) * LOUD;
  const loud = frames.filter((_, index) => (levels[index] as number) >= floor);
  return loud.length ? loud.filter((frame) => periodicity(frame, rate) >= TUNED).length / loud.length : 0;
}

function periodicity(frame: Float32Array, rate: number): number {
  const mean = frame.reduce((sum, value) => sum + value, 0) / frame.length;
  let best = 0;
  for (let lag = Math.floor(rate / 1000); lag <= Math.min(Math.ceil(rate / 70), frame.length - 16); lag++) {
    let product = 0;
    let here = 0;
    let there = 0;
    for (let at = 0; at + lag < frame.length; at++) {
      const a = (frame[at] as number) - mean;
      const b = (frame[at + lag] as number) - mean;
      product += a * b;
      here += a * a;
      there += b * b;
    }
    if (here && there) best = Math.max(best, product / Math.sqrt(here * there));
  }
  return best;
}

/** One channel as a WAV file of 24 bits (RIFF, PCM). */
export function wav(samples: Float32Array, sampleRate: number): Blob {
  const bytes = samples.length * 3;
  const view = new DataView(new ArrayBuffer(44 + bytes));
  const word = (at: number, text: string): void => [...text].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  word(0, "RIFF");
  view.setUint32(4, 36 + bytes, true);
  word(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * 3, true);
  view.setUint16(32, 3, true);
  view.setUint16(34, 24, true);
  word(36, "data");
  view.setUint32(40, bytes, true);
  for (let at = 0; at < samples.length; at++) {
    const value = Math.round(Math.max(-1, Math.min(1, samples[at] as number)) * 8_388_607);
    view.setUint8(44 + at * 3, value & 255);
    view.setUint8(45 + at * 3, (value >> 8) & 255);
    view.setUint8(46 + at * 3, (value >> 16) & 255);
  }
  return new Blob([view.buffer as ArrayBuffer], { type: "audio/wav" });
}

/** When the beats of the count-in fall, in seconds from its beginning: one bar, the first of it accented. */
export function countIn(tempoBpm: number, metre: string): readonly number[] {
  const [beats = 4, unit = 4] = metre.split("/").map(Number);
  const beat = (60 / tempoBpm) * (4 / unit);
  return Array.from({ length: beats + 1 }, (_, at) => at * beat);
}
