import { describe, expect, it } from "vitest";
import { complaint, countIn, tunedShare, wav } from "../lib/hum";

const RATE = 16_000;
const made = (seconds: number, at: (second: number, index: number) => number): Float32Array => Float32Array.from({ length: Math.round(seconds * RATE) }, (_, index) => at(index / RATE, index));
/** A voice: a few overtones, vibrato, and breath between the notes. */
const hum = (second: number): number => {
  const pitch = [220, 247, 262, 196][Math.floor(second) % 4] as number;
  const phase = 2 * Math.PI * pitch * second + 0.4 * Math.sin(2 * Math.PI * 5.5 * second);
  return second % 1 > 0.85 ? 0.002 * Math.sin(second * 9999) : 0.2 * Math.sin(phase) + 0.08 * Math.sin(2 * phase) + 0.03 * Math.sin(3 * phase);
};
let seed = 7;
const noise = (): number => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return seed / 1_073_741_824 - 1;
};

describe("a hummed melody", () => {
  it("is let through, also with a little noise behind it", () => {
    expect(complaint(made(4, hum), RATE)).toBeNull();
    expect(complaint(made(4, (second) => hum(second) + 0.01 * noise()), RATE)).toBeNull();
  });

  it("is refused with a sentence when it is none", () => {
    expect(complaint(made(0.2, hum), RATE)?.code).toBe("too_short");
    expect(complaint(new Float32Array(301 * 1000), 1000)?.code).toBe("too_long");
    expect(complaint(made(3, () => 0), RATE)?.code).toBe("silence");
    expect(complaint(made(3, () => 0.3 * noise()), RATE)?.code).toBe("noise");
    expect(complaint(made(3, () => 0.3 * noise()), RATE)?.message).toContain("only noise");
  });

  it("is told from noise by its pitch", () => {
    expect(tunedShare(made(3, hum), RATE)).toBeGreaterThan(0.8);
    expect(tunedShare(made(3, () => noise()), RATE)).toBeLessThan(0.1);
  });

  it("is sent as a WAV file of 24 bits", async () => {
    const file = wav(Float32Array.of(0, 1, -1, 2), 48_000);
    const view = new DataView(await file.arrayBuffer());
    expect(view.byteLength).toBe(44 + 12);
    expect(view.getUint32(24, true)).toBe(48_000);
    expect(view.getUint16(34, true)).toBe(24);
    expect([view.getUint8(47), view.getUint8(48), view.getUint8(49)]).toEqual([0xff, 0xff, 0x7f]);
    expect([view.getUint8(50), view.getUint8(51), view.getUint8(52)]).toEqual([0x01, 0x00, 0x80]);
    expect(view.getUint8(55)).toBe(0x7f);
  });

  it("is counted in for one bar", () => {
    expect(countIn(120, "4/4")).toEqual([0, 0.5, 1, 1.5, 2]);
    expect(countIn(60, "6/8")).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3]);
  });
});
