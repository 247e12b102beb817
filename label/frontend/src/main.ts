import "@fontsource-variable/instrument-sans/wght.css";
import "@fontsource/instrument-serif/400.css";
import "@fontsource/instrument-serif/400-italic.css";
import "@fontsource/ibm-plex-mono/400.css";
import "./styles/main.css";
import "htmx.org";
import "./shell";
import "./islands/small";
import "./islands/wave";
import "./islands/transport";
import "./islands/command";
import "./islands/receipts";

/** The larger islands arrive only on pages that hold them. */
const ISLANDS: Record<string, () => Promise<unknown>> = {
  "dw-arrange": () => import("./islands/arrange"),
  "dw-takes": () => import("./islands/takes"),
  "dw-inbox": () => import("./islands/inbox"),
  "dw-resumable": () => import("./islands/resumable"),
  "dw-upload": () => import("./islands/upload"),
  "dw-hum": () => import("./islands/hum"),
  "dw-moment": () => import("./islands/moment"),
  "dw-menu": () => import("./islands/use"),
  "dw-range": () => import("./islands/use"),
  "dw-choose": () => import("./islands/choose"),
  "dw-energy": () => import("./islands/energy"),
  "dw-passkey": () => import("./islands/passkey"),
};

function fetchIslands(): void {
  for (const [name, load] of Object.entries(ISLANDS)) {
    if (!customElements.get(name) && document.querySelector(name)) void load();
  }
}
document.addEventListener("dw:arrive", fetchIslands);
fetchIslands();
