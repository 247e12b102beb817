/** Peaks as audiowaveform writes them (.dat, version 1 or 2, 8 or 16 bit, little-endian). */

export interface Peaks {
  readonly sampleRate: number;
  readonly samplesPerPixel: number;
  /** Number of min/max pairs of each channel. */
  readonly length: number;
  readonly durationSeconds: number;
  /** Largest magnitude over all channels of each pair, 0..1. */
  readonly magnitude: Float32Array;
}

export class BadPeaks extends Error {}

export function parsePeaks(buffer: ArrayBuffer): Peaks {
  if (buffer.byteLength < 20) throw new BadPeaks("The waveform file is too short.");
  const view = new DataView(buffer);
  const version = view.getInt32(0, true);
  if (version !== 1 && version !== 2) throw new BadPeaks(`Waveform version ${version} is not known.`);
  const headerBytes = version === 2 ? 24 : 20;
  if (buffer.byteLength < headerBytes) throw new BadPeaks("The waveform file is too short.");
  const eightBit = (view.getUint32(4, true) & 1) === 1;
  const sampleRate = view.getInt32(8, true);
  const samplesPerPixel = view.getInt32(12, true);
  const stated = view.getUint32(16, true);
  const channels = version === 2 ? view.getInt32(20, true) : 1;
  if (sampleRate <= 0 || samplesPerPixel <= 0 || channels <= 0 || channels > 64) throw new BadPeaks("The waveform file's header makes no sense.");
  const width = (eightBit ? 1 : 2) * 2 * channels;
  const length = Math.min(stated, Math.floor((buffer.byteLength - headerBytes) / width));
  const full = eightBit ? 128 : 32768;
  const magnitude = new Float32Array(length);
  for (let pair = 0; pair < length; pair++) {
    let largest = 0;
    for (let value = 0; value < 2 * channels; value++) {
      const at = headerBytes + pair * width + value * (eightBit ? 1 : 2);
      const sample = eightBit ? view.getInt8(at) : view.getInt16(at, true);
      largest = Math.max(largest, Math.abs(sample));
    }
    magnitude[pair] = Math.min(1, largest / full);
  }
  return { sampleRate, samplesPerPixel, length, durationSeconds: (length * samplesPerPixel) / sampleRate, magnitude };
}

/** Largest magnitude in each of `bars` equal parts of a span given in seconds (the whole file without one). */
export function bars(peaks: Peaks, count: number, fromSeconds = 0, toSeconds = peaks.durationSeconds): Float32Array {
  const out = new Float32Array(Math.max(0, count));
  const perSecond = peaks.sampleRate / peaks.samplesPerPixel;
  const first = fromSeconds * perSecond;
  const step = ((toSeconds - fromSeconds) * perSecond) / count;
  for (let bar = 0; bar < out.length; bar++) {
    const begin = Math.max(0, Math.floor(first + bar * step));
    const end = Math.min(peaks.length, Math.max(begin + 1, Math.floor(first + (bar + 1) * step)));
    let largest = 0;
    for (let pair = begin; pair < end; pair++) largest = Math.max(largest, peaks.magnitude[pair] ?? 0);
    out[bar] = largest;
  }
  return out;
}

const cache = new Map<string, Promise<Peaks>>();

/** Fetched once an address; a failure is forgotten, so that asking again tries again. */
export function loadPeaks(url: string): Promise<Peaks> {
  const known = cache.get(url);
  if (known) return known;
  const promise = fetch(url, { credentials: "same-origin" }).then(async (response) => {
    if (response.status !== 200) throw new BadPeaks(response.status === 202 || response.status === 404 ? "waveform not ready" : "waveform could not be loaded");
    return parsePeaks(await response.arrayBuffer());
  });
  promise.catch(() => cache.delete(url));
  cache.set(url, promise);
  if (cache.size > 120) cache.delete(cache.keys().next().value as string);
  return promise;
}
