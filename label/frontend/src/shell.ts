/** The frame around all pages: navigation, messages, dialogs, theme, what happens when the line is cut. */

import { csrfToken, toast, type Level } from "./lib/dom";

interface RequestContext {
  sourceElement: Element;
  target?: Element;
  request: { headers: Record<string, string>; method: string; action: string };
  response?: { raw: Response; status: number; headers: Headers };
  hx?: Record<string, string>;
}
type HtmxEvent = CustomEvent<{ ctx: RequestContext; error?: unknown; tasks?: { type: string; fragment: DocumentFragment; target: Element }[] }>;

const root = document.documentElement;
root.classList.add("js");

const isPageSwap = (ctx: RequestContext): boolean => ctx.target?.id === "page";

function on(name: string, handler: (event: HtmxEvent) => void): void {
  document.addEventListener(name, handler as EventListener);
}

/** Forms that are on their way: a second press of the button changes nothing a second time. */
const sending = new WeakSet<Element>();
document.addEventListener(
  "submit",
  (event) => {
    const form = event.target as HTMLFormElement;
    if (form.method !== "post" || !sending.has(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);
// Forms without htmx: the page goes, or a file comes and the page stays.
window.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (event.defaultPrevented || form.method !== "post") return;
  sending.add(form);
  setTimeout(() => sending.delete(form), 3000);
});

on("htmx:config:request", ({ detail: { ctx } }) => {
  if (ctx.sourceElement instanceof HTMLFormElement) sending.add(ctx.sourceElement);
  if (!/^(GET|HEAD)$/.test(ctx.request.method)) ctx.request.headers["X-CSRFToken"] = csrfToken();
  if (isPageSwap(ctx)) document.body.classList.add("is-loading");
});

// A page swap must not end in an empty page: files, JSON and a lost session are left to the browser.
on("htmx:before:response", (event) => {
  const { ctx } = event.detail;
  const raw = ctx.response?.raw;
  if (!raw) return;
  const type = raw.headers.get("Content-Type") ?? "";
  const sentToLogin = raw.redirected && new URL(raw.url).pathname.startsWith("/login");
  const isFile = isPageSwap(ctx) && raw.status < 400 && raw.status !== 204 && !type.includes("text/html") && !raw.headers.get("HX-Redirect") && !raw.headers.get("HX-Location");
  if (!sentToLogin && !isFile) return;
  event.preventDefault();
  location.href = raw.redirected || sentToLogin ? raw.url : ctx.request.action;
});
on("htmx:before:swap", (event) => {
  const { ctx, tasks } = event.detail;
  const main = tasks?.find((task) => task.type === "main" && task.target.id === "page");
  if (!main || main.fragment.querySelector("#content")) return;
  event.preventDefault();
  // Of 500 and above htmx:response:error has told already.
  if (ctx.response && ctx.response.status >= 500) return;
  if (ctx.response && ctx.response.status >= 400) toast(failure(ctx.response.status), "error");
  else location.href = ctx.response?.raw.url ?? ctx.request.action;
});

on("htmx:response:error", ({ detail: { ctx } }) => {
  const status = ctx.response?.status ?? 0;
  if (status >= 500 || status === 429) toast(failure(status), "error");
});
on("htmx:error", ({ detail: { ctx, error } }) => {
  if (!ctx || (error as Error | undefined)?.name === "AbortError") return;
  setOffline(!navigator.onLine);
  if (ctx.request.method !== "GET" || isPageSwap(ctx)) toast("The server could not be reached. Nothing was changed; try again when the connection is back.", "error");
});
on("htmx:finally:request", ({ detail: { ctx } }) => {
  sending.delete(ctx.sourceElement);
  if (isPageSwap(ctx)) document.body.classList.remove("is-loading");
});

function failure(status: number): string {
  if (status === 429) return "Too many requests at once. Wait a moment and try again.";
  if (status === 403) return "You may read this, but not change it.";
  return "Something broke on our side. Your last action was done completely or not at all; try again in a minute.";
}

let lastPath = location.pathname;
on("htmx:after:swap", (event) => {
  const { ctx } = event.detail;
  arrive();
  if (!isPageSwap(ctx)) return;
  const content = document.getElementById("content");
  const wanted = content?.querySelector<HTMLElement>("[data-focus], [autofocus]");
  // Polite to keyboards and screen readers: a new page begins at its top, a form shown again at its errors.
  if (wanted) wanted.focus();
  else if (lastPath !== location.pathname || ctx.request.method !== "GET") content?.focus({ preventScroll: true });
  lastPath = location.pathname;
  if (ctx.request.method === "GET") scrollTo({ top: 0 });
});

/** Everything that a freshly arrived page or fragment needs. */
export function arrive(): void {
  const section = document.getElementById("page")?.dataset["nav"]?.trim();
  for (const link of document.querySelectorAll<HTMLElement>("#rail [data-section]")) {
    if (section) link.toggleAttribute("aria-current", false);
    if (link.dataset["section"] !== section) continue;
    link.setAttribute("aria-current", "page");
    // On phones the sections are a row that scrolls: bring the current one into it.
    const row = link.closest("nav");
    if (row && row.scrollWidth > row.clientWidth) row.scrollLeft = link.offsetLeft - row.offsetLeft - 16;
  }
  for (const item of document.querySelectorAll(".messages > li")) {
    const level = (["error", "success", "warning"] as const).find((name) => item.classList.contains(name)) ?? "info";
    toast(item.textContent?.trim() ?? "", level);
    item.remove();
  }
  for (const span of document.querySelectorAll<HTMLElement>(".lane .span[data-x]")) {
    span.style.setProperty("--x", `${Number(span.dataset["x"])}%`);
    span.style.setProperty("--w", `${Number(span.dataset["w"])}%`);
  }
  document.dispatchEvent(new CustomEvent("dw:arrive"));
}

document.addEventListener("dw:toast", (event) => {
  const { text, level } = (event as CustomEvent<{ text: string; level?: Level }>).detail;
  toast(text, level ?? "info");
});

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const opener = target.closest<HTMLElement>("[data-dialog]");
  if (opener) document.querySelector<HTMLDialogElement>(`dialog#${CSS.escape(opener.dataset["dialog"] ?? "")}`)?.showModal();
  if (target.closest("[data-close]")) target.closest("dialog")?.close();
  if (target instanceof HTMLDialogElement) target.close();
  if (target.closest("[data-theme-switch]")) switchTheme();
});

function switchTheme(): void {
  const dark = root.dataset["theme"] ? root.dataset["theme"] === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset["theme"] = dark ? "light" : "dark";
  document.cookie = `theme=${root.dataset["theme"]};path=/;max-age=31536000;samesite=lax`;
  document.dispatchEvent(new CustomEvent("dw:theme"));
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new CustomEvent("dw:theme")));

function setOffline(offline: boolean): void {
  document.body.classList.toggle("is-offline", offline);
}
addEventListener("offline", () => setOffline(true));
addEventListener("online", () => setOffline(false));
setOffline(!navigator.onLine);
arrive();
