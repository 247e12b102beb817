/** What of a select the words may mean. Pure. */

export interface Option {
  readonly id: string;
  readonly name: string;
  readonly note?: string;
}

/** With so many options a select is read through faster than searched. */
export const FEW = 20;
/** So many are shown at a time. */
export const SHOWN = 60;

/** A name for comparing: no case, accents or punctuation; other scripts' letters stay. */
export function fold(text: string): string {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, "")
    .normalize("NFC")
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, " ")
    .trim();
}

/** Those whose names hold words that begin so, or else hold them anywhere; all of them for no words. */
export function meant(options: readonly Option[], text: string): Option[] {
  const words = fold(text).split(" ").filter(Boolean);
  if (!words.length) return text.trim() ? [] : [...options];
  const rank = (name: string): number => {
    const folded = fold(name);
    if (!words.every((word) => folded.includes(word))) return -1;
    if (folded.startsWith(words.join(" "))) return 2;
    return words.every((word) => ` ${folded}`.includes(` ${word}`)) ? 1 : 0;
  };
  const ranked = options.map((option) => ({ option, at: rank(option.name) })).filter(({ at }) => at >= 0);
  // The middle of a word counts where no word begins so.
  return ranked
    .filter(({ at }) => at > 0 || ranked.every((one) => one.at === 0))
    .sort((one, other) => other.at - one.at)
    .map(({ option }) => option);
}

/**
 * What is shown: what the names here say, with what the house knows of them, then what only the house finds.
 * `part`: the options are a part of what may be chosen, and what the house finds may be chosen as well.
 */
export function together(options: readonly Option[], here: readonly Option[], found: readonly Option[], part = false): Option[] {
  const allowed = new Set(options.map(({ id }) => id));
  const known = new Map(found.map((one) => [one.id, one]));
  const shown = here.map((one) => ({ ...one, note: known.get(one.id)?.note ?? one.note ?? "" }));
  const there = new Set(here.map(({ id }) => id));
  return [...shown, ...found.filter(({ id }) => (part || allowed.has(id)) && !there.has(id))];
}

/** Said to who does not see the list. */
export function counted(count: number, all: number, text: string): string {
  if (!count) return `Nothing is called “${text.trim()}”.`;
  if (!text.trim()) return `${all} in all. Write a part of the name.`;
  return count === 1 ? "One found." : `${count > SHOWN ? `More than ${SHOWN}` : count} found.`;
}
