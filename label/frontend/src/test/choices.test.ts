import { describe, expect, it } from "vitest";
import { counted, fold, meant, together, type Option } from "../lib/choices";

const options: Option[] = [
  { id: "1", name: "Sigur Björk Áss" },
  { id: "2", name: "Björk & the Night Jars" },
  { id: "3", name: "久石 譲" },
  { id: "4", name: "Дельфин" },
  { id: "5", name: "Nightjar Assembly" },
];
const ids = (found: readonly Option[]): string => found.map(({ id }) => id).join("");

describe("what words mean of a select's options", () => {
  it("is found without case, accents and punctuation, in any script", () => {
    expect(fold("  BJÖRK & the\tＪars ")).toBe("bjork the jars");
    expect(ids(meant(options, "bjork"))).toBe("21");
    expect(ids(meant(options, "久石"))).toBe("3");
    expect(ids(meant(options, "дель"))).toBe("4");
    expect(ids(meant(options, "jar night"))).toBe("2");
    expect(ids(meant(options, "tjar"))).toBe("5");
    expect(ids(meant(options, ""))).toBe("12345");
    expect(ids(meant(options, "!?"))).toBe("");
  });

  it("takes from the house what may be chosen, with what it says about it", () => {
    const found = [{ id: "5", name: "Nightjar Assembly", note: "also Fern" }, { id: "9", name: "Fern, who may not be chosen" }];
    expect(together(options, meant(options, "fern"), found)).toEqual([{ id: "5", name: "Nightjar Assembly", note: "also Fern" }]);
    expect(together(options, meant(options, "nightjar"), found)).toEqual([{ id: "5", name: "Nightjar Assembly", note: "also Fern" }]);
  });

  it("takes everybody whom the house finds where the options are a part of what may be chosen", () => {
    const found = [{ id: "9", name: "Fern" }];
    expect(ids(together(options, meant(options, "fern"), found, true))).toBe("9");
  });

  it("is said in words", () => {
    expect(counted(0, 5, "zz ")).toBe("Nothing is called “zz”.");
    expect(counted(5, 500, "")).toBe("500 in all. Write a part of the name.");
    expect(counted(61, 500, "a")).toBe("More than 60 found.");
  });
});
