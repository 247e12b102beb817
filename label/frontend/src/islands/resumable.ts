/** <dw-resumable>: files leave as soon as they are chosen, in pieces; the form is sent once all are there. */

import { define, h } from "../lib/dom";
import { type Place, Refused, sendFile } from "../lib/resumable";

const store: Place = {
  get: (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set: (key, value) => {
    try {
      localStorage.setItem(key, value);
    } catch {
      // Without a store a reload begins anew; a cut does not.
    }
  },
  drop: (key) => {
    try {
      localStorage.removeItem(key);
    } catch {
      // see above
    }
  },
};

class Resumable extends HTMLElement {
  #list = h("ul", { class: "files", "aria-live": "polite" });
  #open = 0;

  connectedCallback(): void {
    const form = this.querySelector("form");
    const input = this.querySelector<HTMLInputElement>('input[type="file"]');
    const drop = this.querySelector<HTMLElement>(".drop");
    if (!form || !input || !drop || this.dataset["ready"]) return;
    this.dataset["ready"] = "1";
    drop.after(this.#list);
    for (const name of ["dragenter", "dragover"] as const)
      drop.addEventListener(name, (event) => {
        event.preventDefault();
        drop.classList.add("over");
      });
    for (const name of ["dragleave", "drop"] as const) drop.addEventListener(name, () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      for (const file of event.dataTransfer?.files ?? []) void this.#take(file, form);
    });
    const takeChosen = (): void => {
      for (const file of input.files ?? []) void this.#take(file, form);
      input.value = ""; // they are on their way by themselves
    };
    input.addEventListener("change", takeChosen);
    takeChosen(); // on a slow line somebody has chosen before this script came
    addEventListener("beforeunload", this.#onLeave);
  }

  disconnectedCallback(): void {
    removeEventListener("beforeunload", this.#onLeave);
  }

  #onLeave = (event: BeforeUnloadEvent): void => {
    if (this.#open) event.preventDefault();
  };

  async #take(file: File, form: HTMLFormElement): Promise<void> {
    const submit = form.querySelector<HTMLButtonElement>("button:not([type=button])");
    const said = h("p", { class: "dim" }, "begins");
    const bar = h("progress", { max: file.size || 1, value: 0, "aria-label": `Upload of ${file.name}` });
    const stop = new AbortController();
    const remove = h("button", { type: "button", class: "s" }, "Remove");
    const row = h("li", {}, h("span", { class: "wrap" }, file.name), h("span", { class: "mono dim" }, `${(file.size / 1e6).toFixed(1)} MB`), bar, said, remove);
    this.#list.append(row);
    remove.addEventListener("click", () => {
      stop.abort();
      row.remove();
    });
    const limit = Number(this.getAttribute("max-bytes") ?? 0);
    if (!file.size || (limit && file.size > limit)) {
      said.className = "error";
      said.textContent = file.size ? `Larger than ${Math.round(limit / 1e6)} MB. Send it as FLAC, or as two files.` : "The file is empty. Export it again.";
      return;
    }
    this.#open += 1;
    if (submit) submit.disabled = true;
    try {
      const address = await sendFile({
        files: this.getAttribute("files") ?? "",
        file,
        place: store,
        signal: stop.signal,
        onProgress: (sent, resumedAt) => {
          bar.value = sent;
          said.className = "dim";
          said.textContent = resumedAt ? `went on at ${Math.round((100 * resumedAt) / file.size)} %` : `${Math.round((100 * sent) / file.size)} %`;
        },
        onPause: (words) => (said.textContent = words),
      });
      said.className = "good";
      said.textContent = bar.value && said.textContent?.startsWith("went on") ? `all here, ${said.textContent}` : "all here, and in order";
      if (row.isConnected) row.append(h("input", { type: "hidden", name: "upload", value: address }));
    } catch (error) {
      if (!stop.signal.aborted) {
        said.className = "error";
        said.textContent = error instanceof Refused ? error.message : "The file could not be sent. Choose it again.";
      }
    } finally {
      this.#open -= 1;
      if (submit && !this.#open) submit.disabled = false;
    }
  }
}

define("dw-resumable", Resumable);
