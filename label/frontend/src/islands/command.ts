/** Ctrl-K goes anywhere; ? tells the keys. Both list what the page itself offers. */

import { h, isTyping } from "../lib/dom";
import { go } from "../lib/go";

interface Command {
  readonly words: string;
  readonly from?: HTMLElement;
  readonly url?: string;
  readonly kind?: string;
}

interface Quick {
  readonly found: readonly { readonly words: string; readonly kind: string; readonly note: string; readonly url: string }[];
}

/** What the house finds for these words; nothing while it is offline or nobody is logged in. */
async function look(words: string, signal: AbortSignal): Promise<Command[]> {
  try {
    const answer = await fetch(`/search/quick/?words=${encodeURIComponent(words)}`, { signal, headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) return [];
    const { found } = (await answer.json()) as Quick;
    return found.map((one) => ({ words: one.words, url: one.url, kind: [one.kind, one.note].filter(Boolean).join(", ") }));
  } catch {
    return [];
  }
}

const KEYS: readonly (readonly [string, string])[] = [
  ["Space", "play or pause"],
  ["← →", "back or forward 5 seconds"],
  ["L", "loop; I and O set its ends"],
  ["1–9", "switch takes at the same moment"],
  ["K / X", "keep the take, or let it go"],
  ["B", "compare blind"],
  ["Ctrl Z / Ctrl Shift Z", "undo, redo (arrangement)"],
  ["S", "split the clip at the playhead"],
  ["[ / ]", "trim the clip's start or end to the playhead"],
  ["I / O", "a range's beginning and end at the playhead (arrangement)"],
  ["[ ] Shift ← →", "select a stretch of a waveform; Escape drops it"],
  ["J / K", "inbox: the next, the one before"],
  ["N / R", "inbox: a note at this moment; on a stretch, R at both ends"],
  ["1–5, V, S, D, A", "inbox: score, vote, put aside, decide, answer"],
  ["Ctrl Enter / Esc", "inbox: send what is written; back to the keys"],
  ["Ctrl K", "go to anything"],
  ["?", "this list"],
];

function commands(): Command[] {
  const found = document.querySelectorAll<HTMLElement>("#rail nav a, [data-command], main .actions a.btn, main .actions button, main .tabs a");
  const seen = new Set<string>();
  return [...found].flatMap((from) => {
    const words = (from.dataset["command"] ?? from.firstChild?.textContent ?? "").trim();
    if (!words || seen.has(words) || from.closest("dialog")) return [];
    seen.add(words);
    return [{ words, from }];
  });
}

let menu: HTMLDialogElement | null = null;

function openMenu(): void {
  if (menu?.open) return;
  const all = commands();
  const input = h("input", { type: "search", placeholder: "Go to…", "aria-label": "Go to", role: "combobox", "aria-expanded": "true", "aria-controls": "command-list", autocomplete: "off" });
  const list = h("ul", { id: "command-list", role: "listbox", class: "command-list", "aria-label": "Places and actions" });
  const dialog = h("dialog", { class: "command", "aria-label": "Command menu" }, input, list);
  menu = dialog;
  let chosen = 0;
  let shown: Command[] = [];
  let found: Command[] = [];
  let asking = new AbortController();
  let wait = 0;
  const run = (command: Command | undefined): void => {
    dialog.close();
    if (command?.url) go(command.url);
    else command?.from?.click();
  };
  const draw = (): void => {
    const wanted = input.value.trim().toLowerCase();
    shown = [...all.filter(({ words }) => words.toLowerCase().includes(wanted)), ...found];
    chosen = Math.max(0, Math.min(chosen, shown.length - 1));
    list.replaceChildren(
      ...shown.map((command, index) => {
        const item = h("li", { role: "option", id: `command-${index}`, "aria-selected": String(index === chosen) }, command.words, ...(command.kind ? [" ", h("small", { class: "dim" }, command.kind)] : []));
        item.addEventListener("click", () => run(command));
        return item;
      }),
    );
    if (!shown.length) list.append(h("li", { class: "dim" }, "Nothing here is called that."));
    input.setAttribute("aria-activedescendant", shown.length ? `command-${chosen}` : "");
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
  };
  input.addEventListener("input", () => {
    chosen = 0;
    found = [];
    draw();
    asking.abort();
    window.clearTimeout(wait);
    const words = input.value.trim();
    if (words.length < 2) return;
    asking = new AbortController();
    const { signal } = asking;
    wait = window.setTimeout(async () => {
      const news = await look(words, signal);
      if (signal.aborted) return;
      found = news;
      draw();
    }, 150);
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") chosen = (chosen + (event.key === "ArrowDown" ? 1 : shown.length - 1)) % Math.max(1, shown.length);
    else if (event.key === "Enter") run(shown[chosen]);
    else return;
    event.preventDefault();
    draw();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  draw();
  dialog.showModal();
  input.focus();
}

function openKeys(): void {
  const list = h("dl", { class: "kv" });
  for (const [keys, words] of KEYS) list.append(h("dt", {}, h("kbd", {}, keys)), h("dd", {}, words));
  const close = h("button", { type: "button", class: "btn", "data-close": true }, "Close");
  const dialog = h("dialog", { "aria-label": "Keys" }, h("h2", {}, "Keys"), list, close);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openMenu();
  } else if (event.key === "?" && !isTyping(event)) {
    event.preventDefault();
    openKeys();
  }
});
document.addEventListener("click", (event) => {
  if ((event.target as Element).closest("[data-command-menu]")) openMenu();
});
