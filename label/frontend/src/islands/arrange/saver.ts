/** Autosave with a visible state. Nothing is ever overwritten: a version saved meanwhile by somebody else is a conflict. */

import { sendJson } from "../../lib/dom";
import type { Arrangement } from "../../lib/arrangement";
import type { Editor } from "./editor";

export interface Conflict {
  readonly version: number;
  readonly by: string;
  readonly document: Arrangement;
}
type State = "saved" | "changed" | "saving" | "waiting" | "conflict" | "refused";

const QUIET_MS = 1500;
const LONGEST_MS = 10_000;
const RETRY_MS = 6000;
/** Browsers send at most this much after a page has gone. */
const KEEPALIVE_BYTES = 60_000;

export class Saver {
  state: State = "saved";
  version: number;
  name: string;
  savedAt: Date | null = null;
  /** Where the version that the server holds now can be rendered; empty until the first save. */
  renderUrl = "";
  conflict: Conflict | null = null;
  /** Why a save was refused, in the server's words. */
  message = "";
  #stored: string;
  #timer = 0;
  #dirtySince = 0;
  #note = "";
  /** A name that somebody gave and no version has yet: a save was under way, or the connection was gone. */
  #asked = "";

  constructor(
    private readonly editor: Editor,
    private readonly urls: { save: string; branch: string },
    version: number,
    name: string,
  ) {
    this.version = version;
    this.name = name;
    this.#stored = JSON.stringify(editor.document);
    editor.on("document", () => this.#changed());
  }

  get dirty(): boolean {
    return JSON.stringify(this.editor.document) !== this.#stored;
  }

  #set(state: State, message = ""): void {
    this.state = state;
    this.message = message;
    this.editor.tell("save");
  }

  /** Edits that a crash or a reload took from the page before they were saved; null when there are none. */
  rescued(): Arrangement | null {
    try {
      const kept = sessionStorage.getItem(this.#key);
      return kept && kept !== this.#stored ? (JSON.parse(kept) as Arrangement) : null;
    } catch {
      return null;
    }
  }

  forget(): void {
    try {
      sessionStorage.removeItem(this.#key);
    } catch {
      // No storage in this browser: nothing was kept there either.
    }
  }

  #keep(): void {
    try {
      sessionStorage.setItem(this.#key, JSON.stringify(this.editor.document));
    } catch {
      // Full or forbidden: the page itself still holds the edits.
    }
  }

  get #key(): string {
    return `deadwax unsaved ${this.urls.save}`;
  }

  #changed(): void {
    if (!this.urls.save || this.editor.readonly) return;
    this.#keep();
    if (this.state === "conflict") return;
    const now = Date.now();
    if (!this.#timer) this.#dirtySince = now;
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.save(), Math.min(QUIET_MS, Math.max(0, this.#dirtySince + LONGEST_MS - now)));
    if (this.state !== "saving") this.#set("changed");
  }

  /** Saves now. With a name the version is a named one. True when the server holds what is on screen. */
  async save(name = "", leaving = false): Promise<boolean> {
    if (name) this.#asked = name;
    if (name && this.state === "saving") await this.#idle();
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (this.state === "saving" || this.state === "conflict" || !this.urls.save) return false;
    name = this.#asked;
    const { document } = this.editor;
    const text = JSON.stringify(document);
    if (text === this.#stored && !name) {
      this.forget();
      this.#set("saved");
      return true;
    }
    this.#note = [this.#note, this.editor.takeNote()].filter(Boolean).join("; ").slice(0, 500);
    const body = { document, base_version: this.version, note: this.#note, ...(name ? { name } : {}) };
    this.#set("saving");
    let response: Response;
    try {
      response = await sendJson("PUT", this.urls.save, body, { keepalive: leaving && text.length < KEEPALIVE_BYTES });
    } catch {
      this.#retry("No connection. Your edits are kept in this page and are saved when it is back.");
      return false;
    }
    const answer = (await response.json().catch(() => ({}))) as { version?: number; saved_at?: string; render_url?: string; conflict?: Conflict; error?: { message?: string } };
    if (response.ok) {
      this.#stored = text;
      this.#note = "";
      if (this.#asked === name) this.#asked = "";
      this.name = name || (answer.version !== this.version ? "" : this.name);
      this.version = answer.version ?? this.version;
      this.renderUrl = answer.render_url ?? this.renderUrl;
      this.savedAt = answer.saved_at ? new Date(answer.saved_at) : new Date();
      this.forget();
      this.#set("saved");
      if (this.dirty) this.#changed();
      return true;
    }
    if (response.status === 409 && answer.conflict) {
      this.#asked = "";
      this.conflict = answer.conflict;
      this.#set("conflict");
    } else if (response.status >= 500) this.#retry("The server could not save just now. Your edits are kept in this page; saving is tried again.");
    else if (response.status === 401 || (response.status === 403 && !answer.error)) this.#set("refused", "You were logged out, or may no longer change this. Your edits are kept in this page: log in in another tab, then press Save.");
    else this.#set("refused", answer.error?.message ?? "The server refused this document. Undo the last edit and it is saved again.");
    return false;
  }

  /** Puts one's own edits on a branch of the version that they began from. Returns the address of it. */
  async branch(name: string): Promise<string> {
    this.#note = [this.#note, this.editor.takeNote()].filter(Boolean).join("; ").slice(0, 500);
    try {
      const response = await sendJson("POST", this.urls.branch, { document: this.editor.document, base_version: this.version, note: this.#note, name });
      const answer = (await response.json().catch(() => ({}))) as { url?: string; error?: { message?: string } };
      if (response.ok && answer.url) {
        this.#stored = JSON.stringify(this.editor.document);
        this.forget();
        return answer.url;
      }
      this.#set("conflict", answer.error?.message ?? "The branch could not be saved. Your edits are still here; try again.");
    } catch {
      this.#set("conflict", "No connection. Your edits are still here; try again.");
    }
    return "";
  }

  /** Takes their version as the ground; one's own is one undo away. */
  lookAtTheirs(): void {
    const theirs = this.conflict;
    if (!theirs) return;
    this.conflict = null;
    this.version = theirs.version;
    this.name = "";
    this.#stored = JSON.stringify(theirs.document);
    this.state = "saved";
    this.editor.edit(`look at version ${theirs.version} by ${theirs.by}`, theirs.document);
    this.#set("saved");
  }

  /** Waits for a save that is under way, then saves what is left. */
  async settle(): Promise<boolean> {
    await this.#idle();
    return this.dirty ? this.save() : this.state !== "conflict";
  }

  async #idle(): Promise<void> {
    while (this.state === "saving") await new Promise((done) => setTimeout(done, 100));
  }

  stop(): void {
    clearTimeout(this.#timer);
    if ((this.dirty || this.#asked) && (this.state === "changed" || this.state === "waiting")) void this.save("", true);
  }

  #retry(message: string): void {
    this.#set("waiting", message);
    this.#timer = window.setTimeout(() => void this.save(), RETRY_MS);
    this.#dirtySince = Date.now();
  }
}
