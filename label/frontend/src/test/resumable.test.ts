import { describe, expect, it } from "vitest";
import { type Place, Refused, sendFile } from "../lib/resumable";

/** A server that keeps what arrives and may break off at given pieces. */
function server(breakAt: number[] = []) {
  let bytes = 0;
  let length = 0;
  let sent = 0;
  let patches = 0;
  const ask = (async (url: string, options: RequestInit) => {
    const headers = options.headers as Record<string, string>;
    if (options.method === "POST") {
      length = Number(headers["Upload-Length"]);
      return new Response(null, { status: 201, headers: { Location: "/incoming/x/" } });
    }
    if (url !== "/incoming/x/") return new Response(null, { status: 404 });
    if (options.method === "HEAD") return new Response(null, { status: 200, headers: { "Upload-Offset": String(bytes), "Upload-Length": String(length) } });
    patches += 1;
    const piece = (await (options.body as Blob).arrayBuffer()).byteLength;
    sent += piece;
    if (breakAt.includes(patches)) throw new TypeError("network");
    if (Number(headers["Upload-Offset"]) !== bytes) return new Response(null, { status: 409 });
    bytes += piece;
    return new Response(null, { status: 204, headers: { "Upload-Offset": String(bytes) } });
  }) as unknown as typeof fetch;
  return { ask, get bytes() { return bytes; }, get sent() { return sent; } };
}

function place(): Place & { kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return { kept, get: (key) => kept.get(key) ?? null, set: (key, value) => void kept.set(key, value), drop: (key) => void kept.delete(key) };
}
const file = (size: number): File => new File([new Uint8Array(size)], "söng.wav", { lastModified: 1 });

describe("sending in pieces", () => {
  it("sends every byte once when nothing breaks", async () => {
    const there = server();
    expect(await sendFile({ files: "/f/", file: file(1000), pieceBytes: 64, place: place(), ask: there.ask })).toBe("/incoming/x/");
    expect([there.bytes, there.sent]).toEqual([1000, 1000]);
  });

  it("repeats one piece after a cut, and nothing before it", async () => {
    const there = server([15]);
    await sendFile({ files: "/f/", file: file(1000), pieceBytes: 64, place: place(), ask: there.ask, waitMs: () => 0 });
    expect([there.bytes, there.sent]).toEqual([1000, 1064]);
  });

  it("goes on after a reload from what the server has", async () => {
    const there = server([16]);
    const kept = place();
    const stop = new AbortController();
    const first = sendFile({ files: "/f/", file: file(1000), pieceBytes: 64, place: kept, ask: there.ask, signal: stop.signal, waitMs: () => { stop.abort(); return 0; } });
    await expect(Promise.race([first, new Promise((_, no) => setTimeout(() => no(new Error("left")), 50))])).resolves.toBeDefined();
    expect(kept.kept.size).toBe(1);
    const before = there.sent;
    await sendFile({ files: "/f/", file: file(1000), pieceBytes: 64, place: kept, ask: there.ask });
    expect(there.bytes).toBe(1000);
    expect(there.sent).toBe(before);
  });

  it("says what the server refused and forgets the place", async () => {
    const kept = place();
    const ask = (async () => new Response(JSON.stringify({ error: { message: "Only sound." } }), { status: 415 })) as unknown as typeof fetch;
    const sending = sendFile({ files: "/f/", file: file(10), place: kept, ask });
    await expect(sending).rejects.toThrow("Only sound.");
    await expect(sending).rejects.toBeInstanceOf(Refused);
    expect(kept.kept.size).toBe(0);
  });
});
