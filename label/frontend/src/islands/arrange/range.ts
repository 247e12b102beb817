/** The line over the timeline while a range of the song is selected: what can be made of it. */

import htmx from "htmx.org";
import { barBeat, findClip, gridOf } from "../../lib/arrangement";
import { h } from "../../lib/dom";
import { lengthWords, underRange, waysFor } from "../../lib/ways";
import type { Editor } from "./editor";

export function rangeBar(editor: Editor, form: string): HTMLElement {
  const bar = h("div", { class: "arr-range", role: "group", "aria-label": "Selected range", hidden: true });
  const draw = (): void => {
    const { range, selection, document } = editor;
    bar.hidden = range === null;
    if (!range) return;
    const found = selection?.kind === "clip" ? findClip(document, selection.id) : null;
    const part = found ? underRange(found.clip, range, editor.rate) : null;
    const ref = found ? editor.sources.get(found.clip.asset)?.ref : undefined;
    const grid = gridOf(document);
    const bars = `Bar ${barBeat(document, range[0])} to ${barBeat(document, range[1])}`;
    if (!found || !part || !ref || !form || editor.readonly) {
      bar.replaceChildren(h("span", {}, `${bars}. `), h("span", { class: "dim" }, found ? "The chosen clip does not reach into it." : "Choose a clip in it, and see what can be made of that part."));
      return;
    }
    const length = lengthWords(document, range[1] - range[0], grid.samplesPerBeat * grid.beatsPerBar);
    const links = waysFor(ref, form, part).slice(0, 6).map(({ words, href }, index) => h("a", { class: index ? "btn s quiet" : "btn s a", href }, index ? words : `${words} ${length}`));
    bar.replaceChildren(h("span", { class: "dim" }, `${found.clip.name}, ${bars.toLowerCase()}:`), ...links);
    htmx.process(bar);
  };
  for (const topic of ["range", "selection", "document"] as const) editor.on(topic, draw);
  return bar;
}
