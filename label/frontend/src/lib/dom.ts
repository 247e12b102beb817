/** Small helpers over the DOM; no framework behind them. */

type Attributes = Record<string, string | number | boolean | null | undefined>;
type Child = Node | string | null | undefined | false;

/** An element with attributes (true: empty attribute; false, null, undefined: none) and children. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, attributes?: Attributes, ...children: Child[]): HTMLElementTagNameMap[K];
export function h(tag: string, attributes?: Attributes, ...children: Child[]): HTMLElement;
export function h(tag: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

export function svg(tag: string, attributes: Attributes = {}, ...children: Element[]): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

export function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}

/** A JSON request with the CSRF header; the caller looks at the status. */
export function sendJson(method: "POST" | "PUT", url: string, body: unknown, options: { keepalive?: boolean } = {}): Promise<Response> {
  return fetch(url, {
    method,
    credentials: "same-origin",
    keepalive: options.keepalive ?? false,
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrfToken() },
    body: JSON.stringify(body),
  });
}

/** The value of a `json_script` block by its id, or the fallback when there is none or it cannot be read. */
export function jsonScript<T>(id: string | null, fallback: T): T {
  const text = id ? document.getElementById(id)?.textContent : null;
  if (!text) return fallback;
  try {
    return JSON.parse(text) as T;
  } catch {
    return fallback;
  }
}

/** True when a key press belongs to whoever has the focus: a field, a menu, an open dialog. */
export function isTyping(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  const target = event.target as HTMLElement | null;
  if (!target?.closest) return false;
  if (target.closest("dialog[open]")) return true;
  const field = target.closest<HTMLInputElement>("input, textarea, select, [contenteditable]");
  return field !== null && !["checkbox", "radio", "button"].includes(field.type);
}

/** True when Space would press what has the focus. */
export function pressesWithSpace(event: KeyboardEvent): boolean {
  return (event.target as HTMLElement | null)?.closest?.("button, a[href], summary, input, select, textarea") != null;
}

export type Level = "info" | "success" | "warning" | "error";

export function toast(text: string, level: Level = "info"): void {
  const close = h("button", { type: "button", "aria-label": "Dismiss" }, "✕");
  const box = h("div", { class: `toast ${level}` }, h("span", {}, text), close);
  close.addEventListener("click", () => box.remove());
  document.getElementById("toasts")?.append(box);
  if (level !== "error") setTimeout(() => box.remove(), 7000);
}

/** Registers a custom element once; a second copy of the module is harmless. */
export function define(name: string, element: CustomElementConstructor): void {
  if (!customElements.get(name)) customElements.define(name, element);
}
