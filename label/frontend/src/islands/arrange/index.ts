/** <dw-arrange>: the arrangement editor. Document and sources come as json_script blocks; saving is by itself. */

import { addClip, addTrack, barBeat, type Arrangement, type Snap } from "../../lib/arrangement";
import { define, h, isTyping, jsonScript, pressesWithSpace, toast } from "../../lib/dom";
import { go } from "../../lib/go";
import { clock } from "../../lib/time";
import { Editor, type Source } from "./editor";
import { rangeBar } from "./range";
import { Player } from "./player";
import { Saver } from "./saver";
import { Inspector, sourcesPanel } from "./side";
import { ClipTable } from "./table";
import { Timeline } from "./timeline";

class Arrange extends HTMLElement {
  #editor: Editor | null = null;
  #player: Player | null = null;
  #saver: Saver | null = null;
  #timeline: Timeline | null = null;
  #frame = 0;
  #restart = 0;
  #ticker = 0;
  #play = h("button", { type: "button", class: "play", "aria-label": "Play the arrangement", "aria-pressed": "false" });
  #clock = h("span", { class: "mono arr-clock" });
  #undo = h("button", { type: "button", class: "btn s" }, "Undo");
  #redo = h("button", { type: "button", class: "btn s" }, "Redo");
  #state = h("span", { class: "arr-state", role: "status" });
  #saveNow = h("button", { type: "button", class: "btn s", hidden: true }, "Save");
  #banner = h("div", { class: "notice late arr-conflict", role: "alert", hidden: true });
  #said = h("p", { class: "sr", role: "status" });

  connectedCallback(): void {
    const document_ = jsonScript<Arrangement | null>(this.getAttribute("document"), null);
    if (this.#editor) return;
    if (!document_ || !Array.isArray(document_.tracks)) {
      this.replaceChildren(h("div", { class: "failed", role: "alert" }, h("h2", {}, "The arrangement could not be read"), h("p", {}, "Reload the page. If it stays so, open an earlier version; every version is kept.")));
      return;
    }
    const editor = new Editor(document_, jsonScript<Source[]>(this.getAttribute("sources"), []), this.hasAttribute("readonly"));
    const player = new Player(editor.sources);
    const saver = new Saver(editor, { save: this.getAttribute("save-url") ?? "", branch: this.getAttribute("branch-url") ?? "" }, Number(this.getAttribute("base-version") ?? 0), this.getAttribute("version-name") ?? "");
    const table = new ClipTable(editor);
    let inspector: Inspector | null = null;
    const timeline = new Timeline(editor, {
      seek: (samples) => this.#seek(samples),
      inspect: () => inspector?.focus(),
      drop: (asset, trackId, samples) => {
        const source = editor.sources.get(asset);
        if (source) this.#add([source], samples, trackId);
      },
    });
    inspector = new Inspector(editor, timeline, (text) => toast(text, "warning"), this.getAttribute("form-url") ?? "");
    this.#editor = editor;
    this.#player = player;
    this.#saver = saver;
    this.#timeline = timeline;

    this.replaceChildren(
      this.#toolbar(editor, timeline, table),
      this.#banner,
      this.#said,
      h("div", { class: "arr-body" }, h("div", { class: "arr-main" }, rangeBar(editor, this.getAttribute("form-url") ?? ""), timeline.element, table.element), h("aside", { class: "arr-side" }, inspector.element, sourcesPanel(editor, (sources) => this.#add(sources, editor.playheadSamples, null)))),
    );
    editor.on("document", () => {
      this.#buttons();
      this.#heard();
    });
    editor.on("view", () => this.#heard());
    editor.on("playhead", () => this.#showClock());
    editor.on("save", () => this.#showState());
    timeline.fit();
    this.#offerRescued();
    this.#buttons();
    this.#showClock();
    this.#showState();
    document.addEventListener("submit", this.#onRender, true);
    document.addEventListener("htmx:before:request", this.#onLeave);
    document.addEventListener("keydown", this.#onKey, true);
    document.addEventListener("dw:playing", this.#onOther);
    document.addEventListener("dw:theme", this.#onTheme);
    addEventListener("beforeunload", this.#onUnload);
    addEventListener("pagehide", this.#onHide);
    addEventListener("online", this.#onOnline);
    this.#ticker = window.setInterval(() => this.#showState(), 5000);
  }

  disconnectedCallback(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#restart);
    clearInterval(this.#ticker);
    this.#player?.close();
    this.#saver?.stop();
    document.removeEventListener("submit", this.#onRender, true);
    document.removeEventListener("htmx:before:request", this.#onLeave);
    document.removeEventListener("keydown", this.#onKey, true);
    document.removeEventListener("dw:playing", this.#onOther);
    document.removeEventListener("dw:theme", this.#onTheme);
    removeEventListener("beforeunload", this.#onUnload);
    removeEventListener("pagehide", this.#onHide);
    removeEventListener("online", this.#onOnline);
  }

  /** The document as it stands on screen. */
  get value(): Arrangement | null {
    return this.#editor?.document ?? null;
  }

  #toolbar(editor: Editor, timeline: Timeline, table: ClipTable): HTMLElement {
    const snap = h("select", { "aria-label": "Snap to", class: "arr-snap" });
    for (const [value, words] of [["bar", "snap: bar"], ["beat", "snap: beat"], ["half", "snap: half beat"], ["off", "snap: off"]] as const) snap.append(h("option", { value, selected: value === editor.snap }, words));
    snap.addEventListener("change", () => (editor.snap = snap.value as Snap));
    const button = (words: string, label: string, act: () => void): HTMLButtonElement => {
      const element = h("button", { type: "button", class: "btn s", "aria-label": label, title: label }, words);
      element.addEventListener("click", act);
      return element;
    };
    const asTable = button("Table", "Show the clips as a table", () => {
      const on = table.element.hidden === true;
      table.show(on);
      timeline.element.hidden = on;
      this.classList.toggle("as-table", on);
      asTable.setAttribute("aria-pressed", String(on));
    });
    asTable.setAttribute("aria-pressed", "false");
    const track = button("+ Track", "Add an empty track", () => {
      const name = `Track ${editor.document.tracks.length + 1}`;
      const added = addTrack(editor.document, name, "other");
      if (editor.edit(`add ${name}`, added.document)) editor.select({ kind: "track", id: added.id });
    });
    const named = button("Name this version…", "Save this as a named version", () => this.#askName());
    for (const element of [track, named]) element.disabled = editor.readonly;
    this.#play.addEventListener("click", () => void this.#toggle());
    this.#undo.addEventListener("click", () => this.#walk("undo"));
    this.#redo.addEventListener("click", () => this.#walk("redo"));
    this.#saveNow.addEventListener("click", () => void this.#saver?.save());
    return h(
      "div",
      { class: "arr-bar", role: "group", "aria-label": "Arrangement" },
      this.#play,
      this.#clock,
      this.#undo,
      this.#redo,
      snap,
      h("span", { class: "arr-zoom" }, button("−", "Zoom out", () => timeline.zoom(1 / 1.5)), button("+", "Zoom in", () => timeline.zoom(1.5)), button("Fit", "Show the whole song", () => timeline.fit())),
      track,
      asTable,
      h("span", { class: "grow" }),
      this.#state,
      this.#saveNow,
      named,
    );
  }

  #add(sources: readonly Source[], at: number, trackId: string | null): void {
    const editor = this.#editor;
    if (!editor) return;
    let doc = editor.document;
    let last = "";
    for (const source of sources) {
      const length = editor.assetSamples(source.asset) ?? editor.rate * 10;
      const free = (id: string): boolean => !doc.tracks.find((track) => track.id === id)?.clips.some((clip) => clip.start_samples < at + length && clip.start_samples + clip.length_samples > at);
      const chosen = editor.selection?.kind === "track" && sources.length === 1 ? editor.selection.id : null;
      let target = trackId ?? chosen ?? doc.tracks.find((track) => track.role === source.role && free(track.id))?.id ?? doc.tracks.find((track) => !track.clips.length && track.role === "other")?.id;
      if (!target) {
        const added = addTrack(doc, trackName(source), source.role ?? "other");
        doc = added.document;
        target = added.id;
      }
      const added = addClip(doc, target, { asset: source.asset, name: source.name, start_samples: Math.round(at), offset_samples: 0, length_samples: length, gain_millibel: 0, fade_in_samples: 0, fade_out_samples: 0, mute: false });
      doc = added.document;
      last = added.id;
    }
    const label = sources.length === 1 ? `add ${sources[0]!.name}` : `add ${sources.length} clips of ${sources[0]?.group ?? "a take"}`;
    const wasEmpty = editor.durationSeconds === 0;
    if (!editor.edit(label, doc)) return;
    editor.select({ kind: "clip", id: last });
    this.#said.textContent = `${label}, at bar ${barBeat(doc, at)}`;
    if (wasEmpty) this.#timeline?.fit();
  }

  #walk(way: "undo" | "redo"): void {
    const label = this.#editor?.[way]();
    if (label) this.#said.textContent = `${way === "undo" ? "Undone" : "Done again"}: ${label}`;
  }

  #buttons(): void {
    const editor = this.#editor;
    if (!editor) return;
    for (const [button, words, label] of [[this.#undo, "Undo", editor.undoLabel], [this.#redo, "Redo", editor.redoLabel]] as const) {
      button.disabled = !label;
      button.title = label ? `${words}: ${label}` : `Nothing to ${words.toLowerCase()}`;
      button.setAttribute("aria-label", label ? `${words} ${label}` : words);
    }
  }

  async #toggle(): Promise<void> {
    const { player, editor } = { player: this.#player, editor: this.#editor };
    if (!player || !editor) return;
    if (player.playing) {
      editor.place(player.stop(editor.rate));
      this.#playing(false);
      return;
    }
    if (editor.durationSeconds === 0) {
      toast("There is nothing to hear yet: add a take, a stem or an upload first.", "info");
      return;
    }
    if (editor.seconds >= editor.durationSeconds - 0.05) editor.place(0);
    document.dispatchEvent(new CustomEvent("dw:playing", { detail: { who: this } }));
    this.#play.classList.add("busy");
    const begun = await player.play(editor.document, editor.playheadSamples, editor.solo);
    this.#play.classList.remove("busy");
    if (player.problem) toast(player.problem, "warning");
    if (begun) this.#playing(true);
  }

  #playing(on: boolean): void {
    this.#play.setAttribute("aria-pressed", String(on));
    this.#play.setAttribute("aria-label", on ? "Stop the arrangement" : "Play the arrangement");
    cancelAnimationFrame(this.#frame);
    if (on) this.#frame = requestAnimationFrame(this.#tick);
  }

  #tick = (): void => {
    const { player, editor } = { player: this.#player, editor: this.#editor };
    if (!player?.playing || !editor) return;
    editor.place(player.position(editor.rate));
    this.#timeline?.follow();
    if (editor.seconds > editor.durationSeconds + 0.1) {
      player.stop(editor.rate);
      editor.place(0);
      this.#playing(false);
      return;
    }
    this.#frame = requestAnimationFrame(this.#tick);
  };

  /** What is heard follows what is edited: playing goes on from where it is with the new document. */
  #heard(): void {
    if (!this.#player?.playing) return;
    clearTimeout(this.#restart);
    this.#restart = window.setTimeout(() => {
      if (this.#player?.playing && this.#editor) void this.#player.play(this.#editor.document, this.#player.position(this.#editor.rate), this.#editor.solo);
    }, 120);
  }

  #seek(samples: number): void {
    this.#editor?.place(samples);
    if (this.#player?.playing && this.#editor) void this.#player.play(this.#editor.document, this.#editor.playheadSamples, this.#editor.solo);
  }

  #showClock(): void {
    const editor = this.#editor;
    if (editor) this.#clock.textContent = `${clock(editor.seconds, true)} · ${barBeat(editor.document, editor.playheadSamples)}`;
  }

  #showState(): void {
    const saver = this.#saver;
    if (!saver) return;
    const ago = saver.savedAt ? Math.round((Date.now() - saver.savedAt.getTime()) / 1000) : null;
    const version = `version ${saver.version}${saver.name ? ` “${saver.name}”` : ""}`;
    const words = {
      saved: `Saved, ${version}${ago !== null && ago >= 0 ? `, ${ago < 10 ? "just now" : ago < 90 ? `${ago} s ago` : `${Math.round(ago / 60)} min ago`}` : ""}`,
      changed: "Changed; saving in a moment",
      saving: "Saving…",
      waiting: saver.message,
      conflict: "Not saved: somebody else saved meanwhile",
      refused: saver.message,
    }[saver.state];
    const text = this.#editor?.readonly ? `Reading ${version}` : words;
    if (this.#state.textContent !== text) this.#state.textContent = text;
    this.#state.classList.toggle("late", saver.state === "conflict" || saver.state === "refused" || saver.state === "waiting");
    this.#state.dataset["state"] = saver.state;
    this.#saveNow.hidden = !["waiting", "refused"].includes(saver.state);
    this.#showConflict();
  }

  #showConflict(): void {
    const saver = this.#saver;
    const theirs = saver?.conflict;
    if (!saver || !theirs) {
      this.#banner.hidden = true;
      return;
    }
    const key = `${theirs.version} ${saver.message}`;
    if (!this.#banner.hidden && this.#banner.dataset["key"] === key) return;
    this.#banner.dataset["key"] = key;
    const branch = h("button", { type: "button", class: "btn p" }, "Save mine as a new branch");
    const look = h("button", { type: "button", class: "btn" }, "Look at theirs");
    branch.addEventListener("click", () => {
      branch.disabled = true;
      void saver.branch("").then((url) => {
        branch.disabled = false;
        if (url) go(url);
      });
    });
    look.addEventListener("click", () => saver.lookAtTheirs());
    this.#banner.replaceChildren(
      h("h3", {}, `${theirs.by} saved version ${theirs.version} meanwhile. Yours is kept here.`),
      h("p", {}, saver.message || "Nothing is lost on either side. Save yours beside theirs, or look at theirs; yours then comes back with Undo."),
      h("div", { class: "actions" }, branch, look),
    );
    this.#banner.hidden = false;
  }

  #offerRescued(): void {
    const kept = this.#saver?.rescued();
    if (!kept || this.#editor?.readonly) return;
    const back = h("button", { type: "button", class: "btn p" }, "Bring them back");
    const no = h("button", { type: "button", class: "btn" }, "Forget them");
    const box = h("div", { class: "notice", role: "status" }, h("h3", {}, "Edits of yours were not saved when this page was left."), h("div", { class: "actions" }, back, no));
    back.addEventListener("click", () => {
      this.#editor?.edit("bring back unsaved edits", kept);
      box.remove();
    });
    no.addEventListener("click", () => {
      this.#saver?.forget();
      box.remove();
    });
    this.#banner.after(box);
  }

  #askName(): void {
    const input = h("input", { id: "version-name", maxlength: 120, required: true, placeholder: "longer tail" });
    const form = h("form", { class: "form" }, h("div", { class: "field" }, h("label", { for: "version-name" }, "What is this version called?"), input), h("div", { class: "buttons" }, h("button", { class: "btn p" }, "Save"), h("button", { type: "button", class: "btn quiet", "data-close": true }, "Cancel")));
    const dialog = h("dialog", { "aria-label": "Name this version" }, h("h2", {}, "Name this version"), form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const name = input.value.trim();
      dialog.close();
      if (name) void this.#saver?.save(name).then((saved) => saved && toast(`Saved as “${name}”.`, "success"));
    });
    dialog.addEventListener("close", () => dialog.remove());
    this.append(dialog);
    dialog.showModal();
  }

  #onKey = (event: KeyboardEvent): void => {
    const inField = (event.target as Element | null)?.closest?.("input:not([type=checkbox]):not([type=range]), textarea, select, dialog");
    const key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && !inField && (key === "z" || key === "y")) {
      event.preventDefault();
      this.#walk(key === "y" || event.shiftKey ? "redo" : "undo");
      return;
    }
    if ((event.ctrlKey || event.metaKey) && key === "s") {
      event.preventDefault();
      void this.#saver?.save();
      return;
    }
    if ((key === "i" || key === "o") && !isTyping(event)) {
      event.preventDefault();
      event.stopPropagation();
      this.#end(key);
      return;
    }
    if (event.key === "Escape" && this.#editor?.range && !isTyping(event)) {
      this.#editor.selectRange(0, 0);
      this.#said.textContent = "Nothing is selected.";
      return;
    }
    if (event.key === " " && !isTyping(event) && ((event.target as Element).closest(".clip") || !pressesWithSpace(event))) {
      event.preventDefault();
      event.stopPropagation();
      void this.#toggle();
    }
  };

  /** I begins the range at the playhead, O ends it there; without the other end it goes on to the song's. */
  #end(key: "i" | "o"): void {
    const editor = this.#editor;
    if (!editor) return;
    const [from, to] = editor.range ?? [0, editor.durationSeconds * editor.rate];
    const here = editor.playheadSamples;
    if (key === "i") editor.selectRange(here, Math.max(to, here));
    else editor.selectRange(Math.min(from, here), here);
    this.#said.textContent = editor.range ? `Selected from bar ${barBeat(editor.document, editor.range[0])} to ${barBeat(editor.document, editor.range[1])}.` : "Nothing is selected.";
  }

  /** A form[data-arrange-render] renders what is on screen: saved first, and the version that came of it. */
  #onRender = (event: Event): void => {
    const form = event.target as HTMLFormElement;
    const saver = this.#saver;
    if (!saver || !form.matches("[data-arrange-render]")) return;
    if (!saver.dirty && saver.state !== "saving") {
      if (saver.renderUrl) form.action = saver.renderUrl;
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    void saver.settle().then((saved) => {
      if (saved) form.requestSubmit();
      else toast("Not rendered: the arrangement could not be saved first. See beside the Save button what to do.", "warning");
    });
  };

  /** Going to another page saves by itself; where saving is not possible, it asks first. */
  #onLeave = (event: Event): void => {
    const { ctx } = (event as CustomEvent<{ ctx: { target?: Element } }>).detail;
    const saver = this.#saver;
    if (ctx.target?.id !== "page" || !saver?.dirty || !["conflict", "waiting", "refused"].includes(saver.state)) return;
    if (!confirm("Your last edits are not saved. Leave this page all the same?")) event.preventDefault();
  };

  #onOther = (event: Event): void => {
    if ((event as CustomEvent<{ who: unknown }>).detail.who !== this && this.#player?.playing) void this.#toggle();
  };
  #onTheme = (): void => this.#timeline?.render();
  #onOnline = (): void => void (this.#saver?.state === "waiting" && this.#saver.save());
  #onHide = (): void => void (this.#saver?.dirty && this.#saver.state !== "conflict" && this.#saver.save("", true));
  #onUnload = (event: BeforeUnloadEvent): void => {
    if (this.#saver?.dirty && !this.#editor?.readonly) event.preventDefault();
  };
}

function trackName(source: Source): string {
  const role = (source.role ?? "").replace("_", " ");
  return role && role !== "other" && role !== "full mix" ? role[0]!.toUpperCase() + role.slice(1) : source.name;
}

define("dw-arrange", Arrange);
