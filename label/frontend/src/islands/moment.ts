/** `<dw-moment for="at-1" play="play-1">`: a button that writes the player's place into that field, while that sound is on. */

import { define, h } from "../lib/dom";
import { clock } from "../lib/time";
import { transport } from "./transport";

class Moment extends HTMLElement {
  connectedCallback(): void {
    if (this.querySelector("button")) return;
    const button = h("button", { type: "button", class: "s quiet" }, "Now");
    button.addEventListener("click", () => {
      const field = document.getElementById(this.getAttribute("for") ?? "");
      const sound = document.getElementById(this.getAttribute("play") ?? "")?.dataset["play"];
      const player = transport();
      if (!(field instanceof HTMLInputElement)) return;
      field.value = player && sound && player.url === sound ? clock(player.seconds, true) : "0:00";
    });
    this.replaceChildren(button);
  }
}

define("dw-moment", Moment);
