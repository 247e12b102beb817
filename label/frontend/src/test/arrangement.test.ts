import { describe, expect, test } from "vitest";
import { addClip, addTrack, barBeat, findClip, gridOf, History, moveClip, moveTrack, snapTo, splitClip, trimEnd, trimStart, updateClip, type Arrangement } from "../lib/arrangement";

const blank: Arrangement = { v: 1, sample_rate_hz: 44100, tempo_milli_bpm: 120_000, metre: "4/4", tracks: [] };
const asset = "a".repeat(64);

function one(): { document: Arrangement; id: string } {
  const { document, id } = addTrack(blank, "Bass", "bass");
  return addClip(document, id, { asset, name: "take 5", start_samples: 44100, offset_samples: 22050, length_samples: 88200, gain_millibel: -300, fade_in_samples: 1000, fade_out_samples: 2000, mute: false });
}
const clipOf = (document: Arrangement, id: string) => findClip(document, id)!.clip;

describe("clips", () => {
  test("trimming the start keeps every sample where it was on the timeline", () => {
    const { document, id } = one();
    const clip = clipOf(trimStart(document, id, 50000), id);
    expect(clip.start_samples - clip.offset_samples).toBe(44100 - 22050);
    expect(clip.start_samples + clip.length_samples).toBe(44100 + 88200);
  });
  test("trimming the start outwards stops where the asset begins", () => {
    const { document, id } = one();
    const clip = clipOf(trimStart(document, id, 0), id);
    expect([clip.start_samples, clip.offset_samples]).toEqual([22050, 0]);
  });
  test("trimming the end stops where the asset ends", () => {
    const { document, id } = one();
    expect(clipOf(trimEnd(document, id, 10_000_000, 130_000), id).length_samples).toBe(130_000 - 22050);
  });
  test("splitting leaves no gap, no overlap and no fade at the cut", () => {
    const { document, id } = one();
    const split = splitClip(document, id, 88200)!;
    const [left, right] = [clipOf(split.document, id), clipOf(split.document, split.id)];
    expect(left.start_samples + left.length_samples).toBe(right.start_samples);
    expect(left.offset_samples + left.length_samples).toBe(right.offset_samples);
    expect([left.fade_in_samples, left.fade_out_samples, right.fade_in_samples, right.fade_out_samples]).toEqual([1000, 0, 0, 2000]);
    expect(left.length_samples + right.length_samples).toBe(88200);
  });
  test("a split outside of the clip is refused", () => {
    const { document, id } = one();
    expect(splitClip(document, id, 44100)).toBeNull();
    expect(splitClip(document, id, 500_000)).toBeNull();
  });
  test("fades never grow longer together than the clip", () => {
    const { document, id } = one();
    const clip = clipOf(updateClip(document, id, { fade_in_samples: 80_000, fade_out_samples: 80_000 }), id);
    expect(clip.fade_in_samples + clip.fade_out_samples).toBe(88200);
  });
  test("gain stays in the range that the server takes", () => {
    const { document, id } = one();
    expect(clipOf(updateClip(document, id, { gain_millibel: 99_999 }), id).gain_millibel).toBe(2400);
  });
  test("a clip moves to another track and keeps its id", () => {
    const { document, id } = one();
    const other = addTrack(document, "Pads", "pads");
    const moved = moveClip(other.document, id, 0, other.id);
    expect(findClip(moved, id)!.track.id).toBe(other.id);
    expect(moved.tracks[0]!.clips).toHaveLength(0);
  });
  test("new ids are never taken twice", () => {
    const { document, id } = one();
    const again = addClip(document, document.tracks[0]!.id, { ...clipOf(document, id) });
    expect(again.id).not.toBe(id);
  });
});

describe("grid", () => {
  test("beats at 120 bpm in 4/4 are half a second long", () => {
    expect(gridOf(blank)).toEqual({ samplesPerBeat: 22050, beatsPerBar: 4 });
    expect(barBeat(blank, 22050 * 5)).toBe("2.2");
  });
  test("in 6/8 the beat is an eighth", () => {
    expect(gridOf({ ...blank, metre: "6/8" }).samplesPerBeat).toBe(11025);
  });
  test("snapping goes to the nearest line and never below zero", () => {
    expect(snapTo(blank, 23000, "beat")).toBe(22050);
    expect(snapTo(blank, -5, "off")).toBe(0);
    expect(snapTo(blank, 50_000, "bar")).toBe(88200);
  });
});

describe("history", () => {
  test("undo and redo walk the same road and say what they do", () => {
    const { document, id } = one();
    const history = new History(document);
    const moved = moveClip(document, id, 0);
    history.push("move take 5", moved);
    history.push("gain of take 5", updateClip(moved, id, { gain_millibel: 0 }));
    expect(history.undo()).toBe("gain of take 5");
    expect(history.document).toEqual(moved);
    expect(history.undo()).toBe("move take 5");
    expect(history.document).toEqual(document);
    expect(history.undo()).toBe("");
    expect(history.redo()).toBe("move take 5");
    expect(history.document).toEqual(moved);
  });
  test("a row of nudges is one step, another clip begins a new one", () => {
    const { document, id } = one();
    const history = new History(document);
    history.push("move", moveClip(history.document, id, 1), "move c1", 1000);
    history.push("move", moveClip(history.document, id, 2), "move c1", 1400);
    history.push("move", moveClip(history.document, id, 3), "move c2", 1500);
    history.undo();
    expect(clipOf(history.document, id).start_samples).toBe(2);
    history.undo();
    expect(history.document).toEqual(document);
  });
  test("an edit that changes nothing is no step", () => {
    const { document, id } = one();
    const history = new History(document);
    expect(history.push("move", moveClip(document, id, 44100))).toBe(false);
    expect(history.undoLabel).toBe("");
  });
});

test("tracks change places, and the outermost stay", () => {
  const first = addTrack(blank, "A", "lead");
  const second = addTrack(first.document, "B", "bass");
  expect(moveTrack(second.document, second.id, -1).tracks.map((track) => track.name)).toEqual(["B", "A"]);
  expect(moveTrack(second.document, first.id, -1)).toBe(second.document);
});
