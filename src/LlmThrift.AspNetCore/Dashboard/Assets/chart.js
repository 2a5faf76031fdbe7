// Bars over time. A bar is what the calls would have cost: what was paid at its foot, and on top of that what each stage saved. A stage that cost more than it saved hangs below the line.

import { element, replace, shorten, svg } from "./dom.js";
import { callCount, clock, dateOf, dayOf, money, monthOf, moneyColumn, moneyTick, span } from "./format.js";
import { inOrder, stageClass, stageTitle } from "./stages.js";

const margin = { top: 14, right: 10, bottom: 30, left: 64 };

export class TimeChart {
  #place;
  #live = element("p", { class: "hidden", "aria-live": "polite" });
  #tip = element("div", { class: "tip", hidden: true, "aria-hidden": "true" });
  #frame = element("div", { class: "frame" });
  #bars = [];
  #interval = 60;
  #selected = -1;
  #width = 0;
  #geometry = null;

  constructor(place) {
    this.#place = place;
    place.append(this.#frame, this.#tip, this.#live);
    new ResizeObserver(() => {
      if (Math.abs(place.clientWidth - this.#width) > 1) {
        this.#draw();
      }
    }).observe(place);
  }

  show(summary) {
    this.#interval = summary.intervalSeconds;
    this.#bars = barsOf(summary);
    this.#selected = Math.min(this.#selected, this.#bars.length - 1);
    this.#draw();
  }

  #draw() {
    this.#width = this.#place.clientWidth;
    if (this.#width === 0 || this.#bars.length === 0) {
      return;
    }
    const bars = this.#bars;
    const top = Math.max(...bars.map((bar) => bar.above));
    const bottom = Math.min(0, ...bars.map((bar) => bar.below));
    const scale = axisOf(bottom, top, 4);
    const height = this.#width < 480 ? 250 : 330;
    const left = this.#width < 480 ? 52 : margin.left;
    const inner = this.#width - left - margin.right;
    const floor = height - margin.bottom;
    const y = (value) => floor - ((value - scale.low) / (scale.high - scale.low)) * (floor - margin.top);
    const step = inner / bars.length;
    const gap = step > 6 ? Math.min(4, step * 0.22) : step > 3 ? 1 : 0;
    const x = (index) => left + index * step + gap / 2;
    this.#geometry = { left, step };

    const parts = [];
    for (const tick of scale.ticks) {
      parts.push(svg("line", { class: tick === 0 ? "axis" : "gridline", x1: left, x2: this.#width - margin.right, y1: y(tick), y2: y(tick) }));
      parts.push(svg("text", { class: "tick", x: left - 8, y: y(tick) + 4, "text-anchor": "end" }, moneyTick(tick, scale.step)));
    }
    for (const [index, text] of labelsOf(bars, this.#interval, step)) {
      const at = x(index) + (step - gap) / 2;
      parts.push(svg("line", { class: "axis", x1: at, x2: at, y1: floor, y2: floor + 4 }));
      parts.push(svg("text", { class: "tick", x: at, y: floor + 19, "text-anchor": at < left + 24 ? "start" : at > this.#width - 40 ? "end" : "middle" }, text));
    }
    bars.forEach((bar, index) => {
      let over = 0;
      let under = 0;
      for (const part of bar.parts) {
        const from = part.value >= 0 ? over : under;
        const to = from + part.value;
        if (part.value >= 0) {
          over = to;
        } else {
          under = to;
        }
        const [high, low] = [y(Math.max(from, to)), y(Math.min(from, to))];
        // Never less than a hairline: what is there is seen to be there.
        const tall = Math.max(low - high, 0.75);
        parts.push(svg("rect", { class: part.class, x: x(index), y: high, width: Math.max(step - gap, 0.75), height: tall }));
      }
    });
    if (this.#selected >= 0) {
      parts.push(svg("rect", { class: "chosen", x: left + this.#selected * step, y: margin.top - 6, width: step, height: floor - margin.top + 6, rx: 2 }));
    }

    const drawing = svg(
      "svg",
      {
        "data-key": "chart",
        width: this.#width,
        height,
        viewBox: `0 0 ${this.#width} ${height}`,
        tabindex: 0,
        role: "group",
        "aria-roledescription": "chart",
        "aria-label": "Spend and saving over time, stacked by stage. Left and right arrow keys go from bar to bar. The same figures are in the table below.",
        onpointermove: (event) => this.#point(event),
        onpointerdown: (event) => this.#point(event),
        onpointerleave: () => this.#choose(-1, false),
        onkeydown: (event) => this.#key(event),
        onblur: (event) => {
          if (event.relatedTarget) {
            this.#choose(-1, false);
          }
        },
      },
      parts,
    );
    replace(this.#frame, drawing);
    this.#place.dataset.bars = bars.length;
    this.#showTip();
  }

  #point(event) {
    const box = this.#frame.getBoundingClientRect();
    const index = Math.floor((event.clientX - box.left - this.#geometry.left) / this.#geometry.step);
    this.#choose(index >= 0 && index < this.#bars.length ? index : -1, false);
  }

  #key(event) {
    const last = this.#bars.length - 1;
    const at = this.#selected;
    const next = {
      ArrowRight: at < 0 ? 0 : Math.min(last, at + 1),
      ArrowLeft: at < 0 ? last : Math.max(0, at - 1),
      Home: 0,
      End: last,
      Escape: -1,
    }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      this.#choose(next, true);
    }
  }

  #choose(index, isSpoken) {
    if (index === this.#selected) {
      return;
    }
    this.#selected = index;
    this.#draw();
    const bar = this.#bars[index];
    this.#live.textContent = isSpoken && bar
      ? `${span(bar.start, this.#interval)}: ${callCount(bar.calls)}, ${money(bar.paid)} paid, ${money(bar.saving)} saved.`
      : "";
  }

  #showTip() {
    const bar = this.#bars[this.#selected];
    this.#tip.hidden = !bar;
    if (!bar) {
      return;
    }
    const write = moneyColumn([bar.paid, bar.baseline, ...bar.parts.map((part) => part.value)]);
    const line = (className, title, value) =>
      element("div", { class: "tip-line" }, element("span", { class: `swatch ${className}` }), element("span", {}, title), element("span", { class: "number" }, value));
    replace(
      this.#tip,
      element("p", { class: "tip-title" }, span(bar.start, this.#interval)),
      line("none", `${callCount(bar.calls)} would have cost`, write(bar.baseline)),
      [...bar.parts].filter((part) => part.stage !== null && part.value !== 0).reverse().map((part) => line(part.class, shorten(stageTitle(part.stage), 40), write(-part.value))),
      line("paid", "Paid", write(bar.paid)),
    );
    const center = this.#geometry.left + (this.#selected + 0.5) * this.#geometry.step;
    const wide = this.#tip.offsetWidth;
    const beside = center + 14 + wide <= this.#width ? center + 14 : center - 14 - wide;
    this.#tip.style.left = `${Math.max(0, Math.min(beside, this.#width - wide))}px`;
  }
}

// Intervals without calls are not sent: they are put back here.
function barsOf(summary) {
  const step = summary.intervalSeconds * 1000;
  const byStart = new Map(summary.points.map((point) => [Date.parse(point.start), point.totals]));
  const bars = [];
  for (let start = Date.parse(summary.from); start < Date.parse(summary.to); start += step) {
    const totals = byStart.get(start);
    const parts = [{ stage: null, class: "paid", value: totals?.actualCost ?? 0 }];
    for (const stage of inOrder(Object.keys(totals?.savingByStage ?? {}))) {
      if (totals.savingByStage[stage] !== 0) {
        parts.push({ stage, class: stageClass(stage), value: totals.savingByStage[stage] });
      }
    }
    const drawn = parts.filter((part) => part.value !== 0);
    bars.push({
      start,
      calls: totals?.calls ?? 0,
      paid: totals?.actualCost ?? 0,
      baseline: totals?.baselineCost ?? 0,
      saving: totals?.saving ?? 0,
      parts: drawn,
      above: drawn.reduce((sum, part) => sum + Math.max(0, part.value), 0),
      below: drawn.reduce((sum, part) => sum + Math.min(0, part.value), 0),
    });
  }
  return bars;
}

// Round numbers, 1, 2 or 5 times a power of ten apart.
function axisOf(low, high, intervals) {
  if (high <= low) {
    return { low: 0, high: 1, ticks: [0], step: 1 };
  }
  const rough = (high - low) / intervals;
  const power = 10 ** Math.floor(Math.log10(rough));
  const size = rough / power;
  const step = power * (size > 5 ? 10 : size > 2 ? 5 : size > 1 ? 2 : 1);
  // What hangs a little below the line needs no number of its own.
  const hangs = low < 0 && -low < step / 2;
  const first = hangs ? 0 : Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
  return { low: hangs ? low * 1.15 : first * step, high: last * step, ticks, step };
}

// Which bars have a time written below them: where a round time of the reader's own clock begins, as many as there is room for.
function* labelsOf(bars, interval, step) {
  const spanSeconds = interval * bars.length;
  const hours = spanSeconds / 3600;
  const room = 62;
  let unit;
  let write;
  if (hours <= 3) {
    unit = (date) => Math.floor(minutesOf(date) / 10);
    write = clock;
  } else if (hours <= 50) {
    const every = step * (3600 / interval) * 3 >= room ? 3 : 6;
    unit = (date) => Math.floor(minutesOf(date) / (60 * every));
    write = clock;
  } else if (hours <= 24 * 10) {
    unit = (date) => Math.floor(minutesOf(date) / 1440);
    write = dayOf;
  } else if (hours <= 24 * 400) {
    unit = (date) => Math.floor(minutesOf(date) / 1440);
    write = dateOf;
  } else {
    unit = (date) => date.getFullYear() * 12 + date.getMonth();
    write = monthOf;
  }
  let last = -Infinity;
  let before = null;
  for (let index = 0; index < bars.length; index++) {
    const key = unit(new Date(bars[index].start));
    if (before !== null && key !== before && (index - last) * step >= room) {
      yield [index, write(bars[index].start)];
      last = index;
    }
    before = key;
  }
}

const minutesOf = (date) => date.getTime() / 60000 - date.getTimezoneOffset();
