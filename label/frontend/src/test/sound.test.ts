import { expect, test } from "vitest";
import { dbToGain, matchGainDb } from "../lib/gain";
import { HeardLog, mergeSpans } from "../lib/heard";
import { bars, BadPeaks, parsePeaks } from "../lib/peaks";
import { clock, decibels, spoken } from "../lib/time";

function dat(pairs: [number, number][], { channels = 1, version = 2, flags = 1 } = {}): ArrayBuffer {
  const header = version === 2 ? 24 : 20;
  const buffer = new ArrayBuffer(header + pairs.length * 2);
  const view = new DataView(buffer);
  [version, flags, 44100, 256, pairs.length / channels, channels].slice(0, header / 4).forEach((value, index) => view.setInt32(index * 4, value, true));
  pairs.forEach(([low, high], index) => {
    view.setInt8(header + index * 2, low);
    view.setInt8(header + index * 2 + 1, high);
  });
  return buffer;
}

test("peaks of an 8-bit version 2 file are read as magnitudes", () => {
  const peaks = parsePeaks(dat([[-64, 32], [0, 127], [-128, 0]]));
  expect(peaks.length).toBe(3);
  expect([...peaks.magnitude]).toEqual([0.5, 127 / 128, 1].map(Math.fround));
  expect(peaks.durationSeconds).toBeCloseTo((3 * 256) / 44100);
});
test("stereo peaks take the louder channel", () => {
  const peaks = parsePeaks(dat([[-10, 10], [-100, 5], [0, 0], [0, 64]], { channels: 2 }));
  expect([...peaks.magnitude]).toEqual([100 / 128, 0.5].map(Math.fround));
});
test("a truncated file gives what is there, and nonsense is refused", () => {
  const whole = dat([[-64, 32], [0, 127], [-128, 0]]);
  expect(parsePeaks(whole.slice(0, 28)).length).toBe(2);
  expect(() => parsePeaks(new ArrayBuffer(8))).toThrow(BadPeaks);
  expect(() => parsePeaks(dat([[0, 0]], { version: 9 }))).toThrow(BadPeaks);
  expect(() => parsePeaks(dat([[0, 0]], { channels: 0 }))).toThrow(BadPeaks);
});
test("bars keep the loudest moment, also of a part of the file", () => {
  const peaks = parsePeaks(dat([[0, 10], [0, 100], [0, 20], [0, 30]]));
  expect([...bars(peaks, 2)]).toEqual([100 / 128, 30 / 128].map(Math.fround));
  expect(bars(peaks, 1, (2 * 256) / 44100)[0]).toBeCloseTo(30 / 128);
});

test("the louder side is turned down to the quieter, never up", () => {
  expect(matchGainDb(-12.9, [-12.9, -14.7])).toBeCloseTo(-1.8);
  expect(matchGainDb(-14.7, [-12.9, -14.7])).toBeCloseTo(0);
});
test("unmeasured, lonely and silent takes change nothing", () => {
  expect(matchGainDb(null, [-12, -14])).toBe(0);
  expect(matchGainDb(-12, [-12, null])).toBe(0);
  expect(matchGainDb(-12, [-12, -70])).toBe(0);
});
test("6.02 dB down is half the amplitude", () => {
  expect(dbToGain(-6.0206)).toBeCloseTo(0.5, 4);
  expect(dbToGain(0)).toBe(1);
});

test("what was heard is told once, in whole spans", () => {
  const log = new HeardLog();
  for (const ms of [0, 250, 500, 750]) log.tick(ms);
  log.tick(60_000);
  log.tick(60_250);
  expect(log.take()).toEqual([[0, 750], [60_000, 60_250]]);
  log.tick(60_500);
  expect(log.take()).toEqual([[60_250, 60_500]]);
  expect(log.take()).toEqual([]);
});
test("going back begins a new span, and a failed delivery is kept", () => {
  const log = new HeardLog();
  log.tick(5000);
  log.tick(5400);
  log.tick(1000);
  log.tick(1300);
  const spans = log.take();
  expect(spans).toEqual([[1000, 1300], [5000, 5400]]);
  log.restore(spans);
  expect(log.take()).toEqual(spans);
});
test("overlapping spans become one", () => {
  expect(mergeSpans([[100, 200], [0, 120], [230, 300]])).toEqual([[0, 300]]);
});

test("times are written and spoken", () => {
  expect(clock(128)).toBe("2:08");
  expect(clock(41.26, true)).toBe("0:41.2");
  expect(clock(3728)).toBe("1:02:08");
  expect(clock(NaN)).toBe("–");
  expect(spoken(128)).toBe("2 minutes 8 seconds");
  expect(spoken(0)).toBe("0 seconds");
  expect(decibels(-1.84)).toBe("−1.8 dB");
  expect(decibels(-0.01)).toBe("0.0 dB");
});
