import { describe, expect, it } from "vitest";
import type { Clip } from "../lib/arrangement";
import { lengthWords, underRange, waysFor } from "../lib/ways";

const clip: Clip = { id: "c1", asset: "a", name: "take 5", start_samples: 96_000, offset_samples: 48_000, length_samples: 192_000, gain_millibel: 0, fade_in_samples: 0, fade_out_samples: 0, mute: false };

describe("ways from a clip into generation", () => {
  it("mean the stretch of the recording that lies under the range of the song", () => {
    expect(underRange(clip, null, 48_000)).toEqual([1000, 5000]);
    expect(underRange(clip, [144_000, 192_000], 48_000)).toEqual([2000, 3000]);
    expect(underRange(clip, [0, 120_000], 48_000)).toEqual([1000, 1500]);
    expect(underRange(clip, [0, 96_000], 48_000)).toBeNull();
  });

  it("carry what they are about, and take a take again as a whole", () => {
    const found = waysFor("take:7", "/projects/1/runs/new/", [2000, 3000]);
    expect(found[0]?.href).toBe("/projects/1/runs/new/?mode=section_replacement&source=take%3A7&from=2000&to=3000");
    expect(found.find(({ words }) => words === "Extend")?.href).not.toContain("from=");
    expect(found.at(-1)).toEqual({ words: "Again like this one", href: "/projects/1/runs/new/?again=7" });
    expect(waysFor("upload:8", "/f/", null).some(({ words }) => words.startsWith("Again"))).toBe(false);
  });

  it("say how long a range is in bars where it is bars", () => {
    const document = { v: 1, sample_rate_hz: 48_000, tempo_milli_bpm: 120_000, metre: "4/4", tracks: [] } as const;
    expect(lengthWords(document, 4 * 96_000, 96_000)).toBe("4 bars");
    expect(lengthWords(document, 100_000, 96_000)).toBe("2.1 s");
  });
});
