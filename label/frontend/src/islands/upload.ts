/** <dw-upload>: a real multipart form that also takes dropped files, one request a file, with progress. */

import { csrfToken, define, h, toast } from "../lib/dom";
import { go } from "../lib/go";

interface Answer {
  redirect?: string;
  message?: string;
  error?: { code: string; message: string };
  errors?: Record<string, string[]>;
}

class Upload extends HTMLElement {
  #list = h("ul", { class: "files", "aria-live": "polite" });
  #busy = false;

  connectedCallback(): void {
    const form = this.querySelector("form");
    const input = this.querySelector<HTMLInputElement>('input[type="file"]');
    const drop = this.querySelector<HTMLElement>(".drop") ?? this;
    if (!form || !input || this.dataset["ready"]) return;
    this.dataset["ready"] = "1";
    if (this.getAttribute("accept") && !input.accept) input.accept = this.getAttribute("accept") ?? "";
    drop.after(this.#list);
    for (const name of ["dragenter", "dragover"] as const)
      drop.addEventListener(name, (event) => {
        event.preventDefault();
        drop.classList.add("over");
      });
    for (const name of ["dragleave", "drop"] as const) drop.addEventListener(name, () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      const files = event.dataTransfer?.files;
      if (!files?.length) return;
      const kept = new DataTransfer();
      for (const file of input.multiple ? files : [files[0] as File]) kept.items.add(file);
      input.files = kept.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
    const takeChosen = (): void => {
      this.#show(input);
      if (this.hasAttribute("auto") && form.reportValidity()) void this.#sendAll(form, input);
    };
    input.addEventListener("change", takeChosen);
    if (input.files?.length) takeChosen(); // on a slow line somebody has chosen before this script came
    form.addEventListener(
      "submit",
      (event) => {
        if (!input.files?.length) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        void this.#sendAll(form, input);
      },
      true,
    );
  }

  #row(file: File): { row: HTMLLIElement; say: (text: string, level?: "error" | "good" | "dim") => void; bar: HTMLProgressElement } {
    const words = h("p", { class: "dim" });
    const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": `Upload of ${file.name}` });
    const row = h("li", {}, h("span", { class: "wrap" }, file.name), h("span", { class: "mono dim" }, size(file.size)), bar, words);
    this.#list.append(row);
    return {
      row,
      bar,
      say: (text, level = "dim") => {
        words.className = level;
        words.textContent = text;
      },
    };
  }

  /** What is wrong with a file as far as a browser can know; an empty string when nothing is. */
  #complaint(file: File): string {
    const limit = Number(this.getAttribute("max-bytes") ?? 0);
    const endings = (this.getAttribute("accept") ?? "").split(",").map((ending) => ending.trim().toLowerCase()).filter((ending) => ending.startsWith("."));
    if (file.size === 0) return "The file is empty. Export it again and choose the new one.";
    if (limit && file.size > limit) return `The file is larger than ${size(limit)}. Export it shorter, or as FLAC.`;
    if (endings.length && !endings.some((ending) => file.name.toLowerCase().endsWith(ending))) return `This kind of file is not taken. Choose one of: ${endings.join(", ")}.`;
    return "";
  }

  #show(input: HTMLInputElement): void {
    this.#list.replaceChildren();
    for (const file of input.files ?? []) {
      const { say } = this.#row(file);
      const complaint = this.#complaint(file);
      say(complaint || "ready to be sent", complaint ? "error" : "dim");
    }
  }

  async #sendAll(form: HTMLFormElement, input: HTMLInputElement): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    const files = [...(input.files ?? [])];
    this.#list.replaceChildren();
    const submit = form.querySelector<HTMLButtonElement>("button:not([type=button])");
    if (submit) submit.disabled = true;
    let redirect = "";
    let failed = false;
    for (const file of files) {
      const { bar, say } = this.#row(file);
      const complaint = this.#complaint(file);
      if (complaint) {
        say(complaint, "error");
        failed = true;
        continue;
      }
      bar.hidden = false;
      const { status, answer } = await this.#send(form, input.name, file, (done) => {
        bar.value = done;
        say(done < 1 ? `${Math.round(done * 100)} %` : "sent; being checked");
      });
      bar.hidden = true;
      if (status >= 200 && status < 300) {
        redirect = answer.redirect ?? redirect;
        say(answer.message ?? "arrived and checked", "good");
      } else {
        failed = true;
        say(words(status, answer, form), "error");
      }
    }
    if (submit) submit.disabled = false;
    this.#busy = false;
    if (!failed) input.value = "";
    this.dispatchEvent(new CustomEvent("dw:uploaded", { bubbles: true, detail: { failed } }));
    if (redirect && !failed) go(redirect);
    else if (failed) toast("Not everything was taken. What to do stands beside each file; nothing else was changed.", "error");
  }

  #send(form: HTMLFormElement, field: string, file: File, progress: (done: number) => void): Promise<{ status: number; answer: Answer }> {
    const data = new FormData(form);
    data.delete(field);
    data.append(field, file, file.name);
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.setRequestHeader("Accept", "application/json");
      request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
      request.setRequestHeader("X-CSRFToken", csrfToken());
      request.upload.addEventListener("progress", (event) => event.lengthComputable && progress(event.loaded / event.total));
      request.addEventListener("error", () => resolve({ status: 0, answer: {} }));
      request.addEventListener("load", () => {
        let answer: Answer = {};
        try {
          answer = JSON.parse(request.responseText) as Answer;
        } catch {
          // A page instead of JSON: the address that was reached in the end is where to go.
          if (request.status < 300 && request.responseURL) answer = { redirect: request.responseURL };
        }
        resolve({ status: request.status, answer });
      });
      request.send(data);
    });
  }
}

function words(status: number, answer: Answer, form: HTMLFormElement): string {
  if (answer.error?.message) return answer.error.message;
  if (answer.errors) {
    const label = (name: string): string => form.querySelector(`label[for="id_${CSS.escape(name)}"]`)?.firstChild?.textContent?.trim() ?? "";
    return Object.entries(answer.errors).map(([name, said]) => [label(name), said.join(" ")].filter(Boolean).join(": ")).join(" ");
  }
  if (status === 0) return "The connection broke. Send it again; nothing was half-written.";
  if (status === 413) return "The server does not take files this large. Export it shorter, or as FLAC.";
  if (status === 403) return "You may read this, but not add to it.";
  if (status === 507) return "The server's disk is full. Tell whoever runs this installation; nothing was half-written.";
  return "Something broke on our side. Nothing was half-written; try again in a minute.";
}

export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 1000 && unit < 2) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

define("dw-upload", Upload);
