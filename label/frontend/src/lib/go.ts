import htmx from "htmx.org";
import { h } from "./dom";

/** Goes to a page of our own within the shell, so that the transport plays on. */
export function go(url: string): void {
  const page = document.querySelector(".shell #content");
  if (!page) {
    location.href = url;
    return;
  }
  const link = h("a", { href: url, hidden: true });
  page.append(link);
  htmx.process(link);
  link.click();
}
