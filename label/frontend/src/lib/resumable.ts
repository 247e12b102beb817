/** Sending a file in pieces by tus 1.0, so that a cut costs one piece at the most. Pure but for `fetch` and a store. */

export interface Place {
  get(key: string): string | null;
  set(key: string, value: string): void;
  drop(key: string): void;
}

export interface Sending {
  readonly files: string;
  readonly file: File;
  readonly pieceBytes?: number;
  readonly place: Place;
  readonly onProgress?: (sent: number, resumedAt: number) => void;
  readonly onPause?: (words: string) => void;
  readonly signal?: AbortSignal;
  readonly waitMs?: (tries: number) => number;
  readonly ask?: typeof fetch;
}

export class Refused extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

export const PIECE_BYTES = 4 * 1024 * 1024;
const TUS = { "Tus-Resumable": "1.0.0", Accept: "application/json" };
/** Worth another try: nobody answered, or somebody was busy. */
const PASSING = new Set([0, 408, 409, 423, 425, 500, 502, 503, 504]);

/** The same file on the same page is recognised by name, size and date. */
export function keyOf(files: string, file: File): string {
  return `dw:sent:${files}|${file.name}|${file.size}|${file.lastModified}`;
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

async function words(response: Response): Promise<string> {
  try {
    const body = (await response.json()) as { error?: { message?: string } };
    return body.error?.message ?? "";
  } catch {
    return "";
  }
}

/** Sends the file and returns its address. Raises `Refused` for what no retry mends. */
export async function sendFile(sending: Sending): Promise<string> {
  const { file, files, place } = sending;
  const ask = sending.ask ?? fetch.bind(globalThis);
  const key = keyOf(files, file);
  const wait = sending.waitMs ?? ((tries: number) => Math.min(30_000, 500 * 2 ** tries));
  let address = place.get(key);
  let offset = -1;
  let resumedAt = 0;
  let tries = 0;
  const attempt = async (url: string, options: RequestInit): Promise<Response | null> => {
    try {
      return await ask(url, { ...options, ...(sending.signal ? { signal: sending.signal } : {}) });
    } catch (error) {
      if (sending.signal?.aborted) throw error;
      return null;
    }
  };
  for (;;) {
    let response: Response | null;
    if (!address) {
      response = await attempt(files, { method: "POST", headers: { ...TUS, "Upload-Length": String(file.size), "Upload-Metadata": `filename ${base64(file.name)}` } });
      if (response?.status === 201) {
        address = response.headers.get("Location") ?? "";
        offset = 0;
        place.set(key, address);
        tries = 0;
        continue;
      }
    } else if (offset < 0) {
      response = await attempt(address, { method: "HEAD", headers: TUS });
      if (response?.ok) {
        offset = Number(response.headers.get("Upload-Offset"));
        resumedAt = offset;
        sending.onProgress?.(offset, resumedAt);
        tries = 0;
        if (offset >= file.size) return address;
        continue;
      }
      if (response && [403, 404, 410, 422].includes(response.status)) {
        place.drop(key);
        address = null;
        offset = -1;
        continue;
      }
    } else {
      const piece = file.slice(offset, offset + (sending.pieceBytes ?? PIECE_BYTES));
      response = await attempt(address, { method: "PATCH", headers: { ...TUS, "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" }, body: piece });
      if (response?.status === 204) {
        offset = Number(response.headers.get("Upload-Offset"));
        sending.onProgress?.(offset, resumedAt);
        tries = 0;
        if (offset >= file.size) return address;
        continue;
      }
    }
    const status = response?.status ?? 0;
    if (!PASSING.has(status)) {
      place.drop(key);
      throw new Refused((response && (await words(response))) || "The file was not taken. Choose it again.", status);
    }
    // Where it stands is asked anew: the last piece may or may not have arrived.
    if (address) offset = -1;
    sending.onPause?.("The connection is away. It goes on by itself from where it stopped.");
    await new Promise((resolve) => setTimeout(resolve, wait(tries++)));
  }
}
