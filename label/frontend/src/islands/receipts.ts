/** Keeps one's own receipts as they come, and <dw-receipts actor="…">: what this browser has. */

import { define } from "../lib/dom";
import { collect, fileOf, kept } from "../lib/receipts";

let running = false;

export async function collectReceipts(): Promise<void> {
  if (running || !document.cookie.includes("deadwax_receipt=")) return;
  running = true;
  try {
    await collect(
      localStorage,
      () => document.cookie,
      async (after) => {
        const answer = await fetch(`/ledger/receipts/new/?after=${after}`, { credentials: "same-origin", headers: { Accept: "application/json" } });
        return answer.ok && !answer.redirected ? await answer.json() : null;
      },
      () => (document.cookie = "deadwax_receipt=; Max-Age=0; Path=/; SameSite=Lax"),
    );
    document.dispatchEvent(new CustomEvent("dw:receipts"));
  } catch {
    // No line, or no room: the cookie stays and the next page tries again.
  } finally {
    running = false;
  }
}

class Receipts extends HTMLElement {
  #show = (): void => {
    const { receipts } = kept(localStorage, this.getAttribute("actor") ?? "");
    const box = this.querySelector<HTMLElement>("[data-kept]");
    if (!box) return;
    box.hidden = receipts.length === 0;
    const count = box.querySelector("[data-count]");
    if (count) count.textContent = receipts.length === 1 ? "One receipt." : `${receipts.length} receipts.`;
    const field = box.querySelector<HTMLInputElement>("input[name=receipts]");
    if (field) field.value = fileOf(receipts);
  };

  connectedCallback(): void {
    this.#show();
    document.addEventListener("dw:receipts", this.#show);
    const save = this.querySelector<HTMLButtonElement>("[data-save]");
    save?.addEventListener("click", () => {
      const { receipts } = kept(localStorage, this.getAttribute("actor") ?? "");
      const address = URL.createObjectURL(new Blob([fileOf(receipts)], { type: "application/json" }));
      const link = document.createElement("a");
      link.href = address;
      link.download = "deadwax-receipts-of-this-browser.json";
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 1000);
    });
  }

  disconnectedCallback(): void {
    document.removeEventListener("dw:receipts", this.#show);
  }
}
define("dw-receipts", Receipts);

for (const name of ["dw:arrive", "htmx:finally:request", "visibilitychange"]) document.addEventListener(name, () => void collectReceipts());
void collectReceipts();
