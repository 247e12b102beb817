import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Editor } from "../islands/arrange/editor";
import { Saver } from "../islands/arrange/saver";
import { addTrack, type Arrangement } from "../lib/arrangement";

const blank: Arrangement = { v: 1, sample_rate_hz: 44100, tempo_milli_bpm: 120_000, metre: "4/4", tracks: [] };

/** A server that answers when it is told to, and the names that it was sent. */
function house() {
  const names: (string | undefined)[] = [];
  const waiting: ((answer: Response | Error) => void)[] = [];
  vi.stubGlobal("fetch", (_: string, { body }: { body: string }) => {
    names.push((JSON.parse(body) as { name?: string }).name);
    return new Promise<Response>((done, fail) => waiting.push((answer) => (answer instanceof Error ? fail(answer) : done(answer))));
  });
  let version = 1;
  const answer = async (what?: Response | Error): Promise<void> => {
    waiting.shift()!(what ?? Response.json({ version: ++version }));
    await vi.advanceTimersByTimeAsync(200);
  };
  return { names, answer };
}

function desk(): { editor: Editor; saver: Saver; change: (name: string) => void } {
  const editor = new Editor(blank, [], false);
  const saver = new Saver(editor, { save: "/save/", branch: "/branch/" }, 1, "");
  return { editor, saver, change: (name) => void editor.edit(`add ${name}`, addTrack(editor.document, name, "bass").document) };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("window", globalThis);
  vi.stubGlobal("document", { cookie: "", querySelector: () => null });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("a version's name", () => {
  it("that is given while a save is under way is saved after it", async () => {
    const { names, answer } = house();
    const { saver, change } = desk();
    change("Bass");
    await vi.advanceTimersByTimeAsync(2000);
    expect(saver.state).toBe("saving");
    const named = saver.save("voice over the tide");
    await answer();
    expect(names).toEqual([undefined, "voice over the tide"]);
    await answer();
    expect(await named).toBe(true);
    expect([saver.state, saver.name, saver.version]).toEqual(["saved", "voice over the tide", 3]);
  });

  it("that is given without a connection goes along when it is back", async () => {
    const { names, answer } = house();
    const { saver } = desk();
    const named = saver.save("longer tail");
    await answer(new TypeError("network"));
    expect(await named).toBe(false);
    expect(saver.state).toBe("waiting");
    await vi.advanceTimersByTimeAsync(7000);
    await answer();
    expect(names).toEqual(["longer tail", "longer tail"]);
    expect([saver.state, saver.name]).toEqual(["saved", "longer tail"]);
  });

  it("is no name of what is saved later", async () => {
    const { names, answer } = house();
    const { saver, change } = desk();
    void saver.save("longer tail");
    await answer();
    change("Bass");
    await vi.advanceTimersByTimeAsync(2000);
    await answer();
    expect(names).toEqual(["longer tail", undefined]);
    expect(saver.name).toBe("");
  });

  it("is dropped where somebody else saved meanwhile: it was meant for what one saw", async () => {
    const { names, answer } = house();
    const { saver, change } = desk();
    void saver.save("longer tail");
    const theirs = { version: 2, by: "Mara (fictional)", document: addTrack(blank, "Voice", "voice").document };
    await answer(Response.json({ conflict: theirs }, { status: 409 }));
    expect(saver.state).toBe("conflict");
    saver.lookAtTheirs();
    change("Bass");
    await vi.advanceTimersByTimeAsync(2000);
    await answer();
    expect(names).toEqual(["longer tail", undefined]);
  });
});
