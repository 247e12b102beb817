/** A person's receipts in this browser: what the log promised, kept where the label cannot change it. */

export interface Receipt {
  id: number;
  note: string;
}
interface Kept {
  last: number;
  receipts: Receipt[];
}
type Store = Pick<Storage, "getItem" | "setItem">;

const MOST = 1000;
const MOST_CHARACTERS = 1_500_000;
const place = (actor: string): string => `dw:receipts:${actor}`;

export function kept(store: Store, actor: string): Kept {
  try {
    const found = JSON.parse(store.getItem(place(actor)) ?? "") as Partial<Kept>;
    if (typeof found.last === "number" && Array.isArray(found.receipts)) return { last: found.last, receipts: found.receipts };
  } catch {
    // Nothing yet, or nothing that can be read.
  }
  return { last: 0, receipts: [] };
}

/** Adds receipts of that person, drops the oldest beyond the cap. Others' receipts are left out. */
export function keep(store: Store, actor: string, fresh: readonly Receipt[]): Kept {
  const before = kept(store, actor);
  const own = fresh.filter(({ id, note }) => id > before.last && note.includes(`\nfor ${actor}\n`));
  const receipts = [...before.receipts, ...own].slice(-MOST);
  let size = receipts.reduce((sum, { note }) => sum + note.length, 0);
  while (size > MOST_CHARACTERS && receipts.length > 1) size -= receipts.shift()!.note.length;
  const now = { last: Math.max(before.last, ...own.map(({ id }) => id)), receipts };
  try {
    store.setItem(place(actor), JSON.stringify(now));
  } catch {
    return before; // The browser keeps nothing more; the file has them all.
  }
  return now;
}

/** The file that the check page and `ledger_verify --receipts` read. */
export function fileOf(receipts: readonly Receipt[]): string {
  return JSON.stringify({ v: 1, receipts: receipts.map(({ note }) => note) });
}

/** The cookie of the newest receipt: `<actor>.<id>`. */
export function announced(cookies: string): { actor: string; id: number } | null {
  const found = /(?:^|;\s*)deadwax_receipt=([0-9a-f-]{36})\.(\d{1,15})(?:;|$)/.exec(cookies);
  return found ? { actor: found[1]!, id: Number(found[2]) } : null;
}

interface Sent {
  actor: string;
  receipts: Receipt[];
  more: boolean;
}

/** Fetches and keeps what the cookie announces; the cookie goes when nothing is left. */
export async function collect(store: Store, cookies: () => string, ask: (after: number) => Promise<Sent | null>, done: () => void): Promise<void> {
  for (let turns = 0; turns < 20; turns++) {
    const news = announced(cookies());
    if (!news) return;
    const { last } = kept(store, news.actor);
    if (last >= news.id) return done();
    const sent = await ask(last);
    if (sent?.actor !== news.actor) return done(); // somebody else is logged in by now
    if (keep(store, news.actor, sent.receipts).last <= last) return done();
  }
}
