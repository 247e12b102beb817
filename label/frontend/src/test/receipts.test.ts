import { describe, expect, it } from "vitest";
import { announced, collect, fileOf, keep, kept } from "../lib/receipts";

const me = "0b54e5f2-1111-4222-8333-444455556666";
const other = "ffffffff-1111-4222-8333-444455556666";
const note = (actor: string, id: number): string => `deadwax/receipt/v1\nlog\nissued x\nmerge by y\nfor ${actor}\n${String(id).repeat(64).slice(0, 64)}\n`;
const receipt = (id: number, actor = me) => ({ id, note: note(actor, id) });

function store(): Storage {
  const data = new Map<string, string>();
  return { getItem: (name: string) => data.get(name) ?? null, setItem: (name: string, value: string) => void data.set(name, value) } as Storage;
}

describe("kept receipts", () => {
  it("are added once, in order, and only one's own", () => {
    const s = store();
    keep(s, me, [receipt(3), receipt(4)]);
    keep(s, me, [receipt(4), receipt(5), receipt(9, other)]);
    expect(kept(s, me).receipts.map(({ id }) => id)).toEqual([3, 4, 5]);
    expect(kept(s, other).receipts).toEqual([]);
  });
  it("stay below a cap; the oldest go first", () => {
    const s = store();
    keep(s, me, Array.from({ length: 1500 }, (_, at) => receipt(at + 1)));
    const { receipts, last } = kept(s, me);
    expect([receipts.length, receipts[0]!.id, last]).toEqual([1000, 501, 1500]);
  });
  it("survive a store that is broken or full", () => {
    const s = store();
    s.setItem(`dw:receipts:${me}`, "{nonsense");
    expect(kept(s, me)).toEqual({ last: 0, receipts: [] });
    const full = { ...s, setItem: () => { throw new Error("full"); } } as unknown as Storage;
    expect(keep(full, me, [receipt(1)]).receipts).toEqual([]);
  });
  it("make a file of their notes", () => {
    expect(JSON.parse(fileOf([receipt(7)]))).toEqual({ v: 1, receipts: [note(me, 7)] });
  });
});

describe("what the cookie announces", () => {
  it("is an actor and a number, or nothing", () => {
    expect(announced(`a=b; deadwax_receipt=${me}.12; c=d`)).toEqual({ actor: me, id: 12 });
    for (const odd of ["", "deadwax_receipt=", "deadwax_receipt=x.1", `xdeadwax_receipt=${me}.1`, `deadwax_receipt=${me}.1x`]) expect(announced(odd)).toBeNull();
  });
  it("is fetched page by page, and then done with", async () => {
    const s = store();
    let cookies = `deadwax_receipt=${me}.5`;
    const asked: number[] = [];
    await collect(
      s,
      () => cookies,
      (after) => {
        asked.push(after);
        return Promise.resolve({ actor: me, receipts: [1, 2, 3, 4, 5].filter((id) => id > after).slice(0, 2).map((id) => receipt(id)), more: true });
      },
      () => (cookies = ""),
    );
    expect([asked, kept(s, me).last, cookies]).toEqual([[0, 2, 4], 5, ""]);
  });
  it("is dropped when somebody else is logged in", async () => {
    const s = store();
    let cookies = `deadwax_receipt=${me}.5`;
    await collect(s, () => cookies, () => Promise.resolve({ actor: other, receipts: [receipt(5, other)], more: false }), () => (cookies = ""));
    expect([kept(s, me).receipts, kept(s, other).receipts, cookies]).toEqual([[], [], ""]);
  });
});
