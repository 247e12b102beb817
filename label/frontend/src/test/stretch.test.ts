import { describe, expect, it } from "vitest";
import { moment, ordered, readMoment, stretch, within, withStretch } from "../lib/stretch";

describe("a stretch of a recording", () => {
  it("is read from its attribute, and nothing else is one", () => {
    expect(stretch("12000,18000")).toEqual([12000, 18000]);
    for (const text of [null, "", "12", "18000,12000", "a,b", "-1,5", "1,2,3"]) expect(stretch(text)).toBeNull();
  });

  it("is written and read as a moment of music", () => {
    expect(moment(62_500)).toBe("1:02.5");
    expect(moment(59_960)).toBe("0:59.9");
    expect(readMoment("1:02.5")).toBe(62_500);
    expect(readMoment("62,5")).toBe(62_500);
    expect(readMoment("later")).toBeNull();
  });

  it("stays inside of what there is", () => {
    expect(within(ordered(5000, -2000), 4000)).toEqual([0, 4000]);
    expect(within([9000, 9500], 8000)).toBeNull();
  });

  it("goes along with an address, once", () => {
    const href = "/projects/1/runs/new/?mode=section_replacement&source=take%3Aabc";
    const once = withStretch(href, [1200.4, 3000]);
    expect(once).toBe("/projects/1/runs/new/?mode=section_replacement&source=take%3Aabc&from=1200&to=3000");
    expect(withStretch(once, [0, 500])).toContain("&from=0&to=500");
    expect(withStretch(once, null)).toBe(href);
  });
});
