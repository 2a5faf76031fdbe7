import { TimeChart } from "./chart.js";
import { byId, element, name, replace, shorten, svg, table } from "./dom.js";
import { callCount, compact, count, dateTime, duration, money, moneyColumn, percent, span, until } from "./format.js";
import { inOrder, stageClass, stageTitle } from "./stages.js";
import { follow } from "./updates.js";
import { readView, writeView } from "./view.js";

const none = "(none)";
const rowsShown = 8;
const dimensions = [
  { key: "tenant", rows: "tenants", title: "Tenant" },
  { key: "feature", rows: "features", title: "Feature" },
  { key: "model", rows: "models", title: "Model" },
];
const rangeTitles = { "1h": "the hour before", "24h": "the 24 hours before", "7d": "the 7 days before", "30d": "the 30 days before", custom: "the span before" };

const chart = new TimeChart(byId("chart"));
const expanded = new Set();
let view = readView();
let summary = null;
let request = null;

start();

function start() {
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  for (const radio of document.querySelectorAll("input[name=range]")) {
    radio.addEventListener("change", () => {
      if (radio.value !== "custom") {
        change({ range: radio.value, from: "", to: "" });
      } else {
        offerCustom();
      }
    });
  }
  for (const { key } of dimensions) {
    byId(key).addEventListener("change", (event) => change({ [key]: event.target.value }));
  }
  byId("clear").addEventListener("click", () => {
    change({ tenant: "", feature: "", model: "" });
    byId("tenant").focus();
  });
  byId("apply").addEventListener("click", applyCustom);
  window.addEventListener("popstate", () => {
    view = readView();
    load(true);
  });
  follow(byId("live"), byId("live-text"), () => load(false));
  load(false);
}

function change(part) {
  view = { ...view, ...part };
  writeView(view);
  load(true);
}

function offerCustom() {
  byId("custom").hidden = false;
  if (!byId("from").value && summary) {
    byId("from").value = localTime(new Date(summary.from));
    byId("to").value = localTime(new Date(summary.to));
  }
  byId("from").focus();
}

function applyCustom() {
  const [from, to] = [new Date(byId("from").value), new Date(byId("to").value)];
  const isGood = from < to;
  byId("custom-problem").textContent = isGood ? "" : "Choose two times, the first before the second.";
  if (isGood) {
    change({ range: "custom", from: from.toISOString(), to: to.toISOString() });
  }
}

// What a field for a local date and time takes.
function localTime(time) {
  return new Date(time.getTime() - time.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

function query() {
  const parameters = new URLSearchParams({ range: view.range });
  for (const key of ["from", "to", "tenant", "feature", "model"]) {
    if (view[key]) {
      parameters.set(key, view[key]);
    }
  }
  return parameters.toString();
}

async function load(isAsked) {
  request?.abort();
  const mine = (request = new AbortController());
  showControls();
  byId("main").setAttribute("aria-busy", "true");
  try {
    const response = await fetch(`api/figures?${query()}`, { signal: mine.signal, redirect: "manual", headers: { Accept: "application/json" } });
    if (response.type === "opaqueredirect" || response.status === 401 || response.status === 403) {
      throw new Problem("You are signed out, or may not look at costs.", "Sign in again");
    }
    if (!response.ok) {
      throw new Problem((await response.text()).slice(0, 300) || `The server answered with ${response.status}.`);
    }
    summary = await response.json();
    byId("problem").hidden = true;
    show();
    if (isAsked) {
      byId("announce").textContent = `${callCount(summary.total.calls)}, ${money(summary.total.actualCost)} paid, ${money(summary.total.saving)} saved.`;
    }
  } catch (error) {
    if (error.name !== "AbortError") {
      showProblem(error);
    }
  } finally {
    if (request === mine) {
      byId("main").removeAttribute("aria-busy");
    }
  }
}

class Problem extends Error {
  constructor(text, action) {
    super(text);
    this.action = action;
  }
}

function showProblem(error) {
  const place = byId("problem");
  const text = error instanceof Problem ? error.message : "The server cannot be reached.";
  const again = error.action
    ? element("button", { type: "button", class: "button", onclick: () => location.reload() }, error.action)
    : element("button", { type: "button", class: "button", onclick: () => load(true) }, "Try again");
  replace(place, element("span", {}, text), again);
  place.hidden = false;
}

function showControls() {
  const isFiltered = dimensions.some(({ key }) => view[key]);
  byId("clear").hidden = !isFiltered;
  for (const radio of document.querySelectorAll("input[name=range]")) {
    radio.checked = radio.value === view.range;
  }
  byId("custom").hidden = view.range !== "custom";
  if (view.range === "custom") {
    byId("from").value = localTime(new Date(view.from));
    byId("to").value = localTime(new Date(view.to));
  }
  byId("export-csv").href = `calls.csv?${query()}`;
  byId("export-json").href = `calls.json?${query()}`;
}

function show() {
  document.title = summary.title;
  byId("title").textContent = summary.title;
  showFilters();
  showWarnings();
  const isEmpty = summary.points.length === 0;
  byId("empty").hidden = !isEmpty;
  byId("figures").hidden = isEmpty;
  if (isEmpty) {
    showEmpty();
  } else {
    showTiles();
    showTime();
    showStages();
    for (const dimension of dimensions) {
      showBreakdown(dimension);
    }
    showCaches();
    showBudgets();
    showTiers();
    showCaps();
    showDearest();
    showReasons();
  }
  showFoot();
}

function showFilters() {
  for (const { key } of dimensions) {
    const select = byId(key);
    const names = summary.names[`${key}s`];
    const wanted = view[key] && !names.includes(view[key]) ? [view[key], ...names] : names;
    const now = JSON.stringify([wanted, view[key]]);
    if (select.dataset.names !== now && (document.activeElement !== select || select.value !== view[key])) {
      select.dataset.names = now;
      select.replaceChildren(
        element("option", { value: "" }, "All"),
        ...wanted.map((value) => element("option", { value, title: value.length > 60 ? value : null }, value === none ? "None said" : shorten(value, 60))),
      );
    }
    select.value = view[key];
  }
}

function showWarnings() {
  const place = byId("warnings");
  place.hidden = summary.warnings.length === 0;
  replace(
    place,
    summary.warnings.map(({ severity, text }) =>
      element("li", { class: severity }, element("span", { class: "badge" }, severity === "warning" ? "Attention" : "Note"), element("span", {}, text)),
    ),
  );
}

function showEmpty() {
  const isFiltered = dimensions.some(({ key }) => view[key]);
  const body = byId("empty-body");
  if (summary.hasAnyCalls) {
    byId("empty-title").textContent = isFiltered ? "No calls match these filters" : "No calls in this span of time";
    replace(
      body,
      element("p", {}, "There are calls, but not here."),
      element(
        "p",
        { class: "actions" },
        isFiltered && element("button", { type: "button", class: "button", "data-key": "e-clear", onclick: () => change({ tenant: "", feature: "", model: "" }) }, "Clear filters"),
        view.range !== "30d" && element("button", { type: "button", class: "button", "data-key": "e-30", onclick: () => change({ range: "30d", from: "", to: "" }) }, "Show 30 days"),
      ),
    );
    return;
  }
  byId("empty-title").textContent = "No calls yet";
  replace(
    body,
    element("p", {}, "As soon as your app makes its first call, its cost and what was saved on it appear here, without a reload. If they do not, check two lines where services are registered:"),
    element("pre", { tabindex: "0", "aria-label": "Code" }, element("code", {}, "services.AddCostHistory();          // keeps the records that this page reads\nservices.AddChatClient(provider)\n        .UseCostControls();         // meters every call")),
    element("p", {}, "Say whose calls they are, and the page tells tenants and features apart:"),
    element("pre", { tabindex: "0", "aria-label": "Code" }, element("code", {}, 'new ChatOptions().WithTenant("acme").WithFeature("faq")')),
  );
}

function showTiles() {
  const { total, previous } = summary;
  const served = Object.values(total.callsServedByStage).reduce((sum, calls) => sum + calls, 0);
  const tile = (title, value, note, className) =>
    element("li", { class: `tile ${className ?? ""}` }, element("span", { class: "tile-title" }, title), element("span", { class: "tile-value" }, value), element("span", { class: "tile-note" }, note));
  replace(
    byId("tiles"),
    tile("Paid", money(total.actualCost), compared(total.actualCost, previous.actualCost, previous.calls), "strong"),
    tile("Would have cost", money(total.baselineCost), "As the app sent it, uncached"),
    tile("Saved", money(total.saving), total.baselineCost > 0 ? `${percent(total.savingShare, 1)} of what it would have cost` : "Nothing priced yet", total.saving < 0 ? "bad" : "good"),
    tile("Calls", compact(total.calls), compared(total.calls, previous.calls, previous.calls)),
    tile("Answered by a cache", total.calls > 0 ? percent(served / total.calls, 1) : "–", `${count(served)} of ${callCount(total.calls)}`),
    tile("Failed", total.calls > 0 ? percent(total.failedCalls / total.calls, 1) : "–", `${count(total.failedCalls)} of ${callCount(total.calls)}`),
  );
}

function compared(now, before, calls) {
  const whose = rangeTitles[view.range];
  if (calls === 0 || before === 0) {
    return `No calls in ${whose}`;
  }
  const changed = now / before - 1;
  const sign = changed > 0.0005 ? "▲" : changed < -0.0005 ? "▼" : "=";
  return `${sign} ${changed > 9.99 ? "over 10 times" : percent(Math.abs(changed), 1)} vs ${whose}`;
}

function showTime() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  byId("time-note").textContent = `One bar: ${spanTitle(summary.intervalSeconds)}. Times in ${zone || "your time zone"}`;
  chart.show(summary);
  const write = moneyColumn(summary.points.map((point) => point.totals.baselineCost));
  table(
    byId("time-table"),
    "Spend and saving over time",
    [
      { title: "Time", isHeader: true, value: (point) => span(point.start, summary.intervalSeconds) },
      { title: "Calls", value: (point) => count(point.totals.calls) },
      { title: "Would have cost", value: (point) => write(point.totals.baselineCost) },
      { title: "Paid", value: (point) => write(point.totals.actualCost) },
      { title: "Saved", value: (point) => write(point.totals.saving) },
      ...inOrder(new Set(summary.points.flatMap((point) => Object.keys(point.totals.savingByStage)))).map((stage) => ({
        title: stageTitle(stage),
        value: (point) => write(point.totals.savingByStage[stage] ?? 0),
      })),
    ],
    [...summary.points].reverse(),
  );
}

function spanTitle(seconds) {
  const units = [
    [86400, "day"],
    [3600, "hour"],
    [60, "minute"],
  ];
  const [size, unit] = units.find(([size]) => seconds % size === 0 && seconds >= size) ?? [1, "second"];
  return seconds === size ? `1 ${unit}` : `${seconds / size} ${unit}s`;
}

function showStages() {
  const { total } = summary;
  const stages = inOrder(new Set([...Object.keys(total.savingByStage), ...Object.keys(total.callsServedByStage)]));
  const rows = [
    { title: "Would have cost", value: total.baselineCost, share: 1, attributes: { class: "sum" } },
    ...stages.map((stage) => ({
      title: stageTitle(stage),
      class: stageClass(stage),
      value: -(total.savingByStage[stage] ?? 0),
      share: total.baselineCost > 0 ? -(total.savingByStage[stage] ?? 0) / total.baselineCost : 0,
      served: total.callsServedByStage[stage],
    })),
    { title: "Paid", class: "paid", value: total.actualCost, share: total.baselineCost > 0 ? total.actualCost / total.baselineCost : 0, attributes: { class: "sum" } },
  ];
  const write = moneyColumn(rows.map((row) => row.value));
  table(
    byId("stages"),
    "What the calls would have cost, less what each stage saved",
    [
      {
        title: "Stage",
        isHeader: true,
        value: (row) =>
          element("span", { class: "stage-name" }, element("span", { class: `swatch ${row.class ?? "none"}` }), element("span", {}, name(row.title, 40), row.served ? element("small", {}, `${callCount(row.served)} answered`) : null)),
      },
      { title: "USD", value: (row) => (row.class && row.class !== "paid" && row.value > 0 ? "+" : "") + write(row.value) },
      { title: "Share", value: (row) => (row.class && row.class !== "paid" && row.share > 0 ? "+" : "") + percent(row.share, 1) },
    ],
    rows,
  );
}

function showBreakdown({ key, rows: place, title }) {
  const all = summary[place];
  const isExpanded = expanded.has(key);
  const rows = isExpanded ? all : all.slice(0, rowsShown);
  const most = Math.max(...all.map((row) => row.totals.baselineCost), 0);
  const write = moneyColumn(all.map((row) => row.totals.actualCost));
  const figures = table(
    element("table", { class: "breakdown" }),
    `Spend by ${title.toLowerCase()}`,
    [
      {
        title,
        isHeader: true,
        class: "breakdown-name",
        value: ({ name: value, totals }) => [
          value === "(other)"
            ? element("span", { class: "plain" }, "All others")
            : element(
                "button",
                {
                  type: "button",
                  class: "filter",
                  "data-key": `${key}:${value.slice(0, 200)}`,
                  "aria-pressed": view[key] === value,
                  title: value.length > 40 ? value : view[key] === value ? "Show all again" : "Show only this",
                  onclick: () => change({ [key]: view[key] === value ? "" : value }),
                },
                value === none ? "None said" : element("bdi", {}, shorten(value, 40)),
              ),
          bar(totals, most),
        ],
      },
      { title: "Calls", value: (row) => compact(row.totals.calls) },
      { title: "Paid", value: (row) => (row.totals.calls > 0 && row.totals.unpricedCalls === row.totals.calls ? "unknown" : write(row.totals.actualCost)) },
      { title: "Saved", value: (row) => (row.totals.baselineCost > 0 ? percent(row.totals.savingShare) : "–") },
    ],
    rows,
  );
  replace(
    byId(place),
    element("div", { class: "scroll" }, figures),
    all.length > rowsShown &&
      element(
        "button",
        {
          type: "button",
          class: "button quiet more",
          "data-key": `more:${key}`,
          "aria-expanded": isExpanded,
          onclick: () => {
            if (!expanded.delete(key)) {
              expanded.add(key);
            }
            showBreakdown({ key, rows: place, title });
          },
        },
        isExpanded ? "Show fewer" : `Show all ${all.length}`,
      ),
  );
}

// What was paid and what was saved, of the dearest row's length.
function bar(totals, most) {
  const share = (value) => (most > 0 ? Math.max(0, (value / most) * 100) : 0);
  const paid = Math.min(share(totals.actualCost), 100);
  return svg(
    "svg",
    { class: "bar", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" },
    svg("rect", { class: "bar-saved", width: Math.min(share(totals.baselineCost), 100), height: 4 }),
    svg("rect", { class: "bar-paid", width: totals.actualCost > 0 ? Math.max(paid, 0.5) : 0, height: 4 }),
  );
}

function showCaches() {
  const { total } = summary;
  const parts = [];
  const caches = ["exact_cache", "semantic_cache"].filter((stage) => total.callsServedByStage[stage] || total.savingByStage[stage] || stage === "exact_cache");
  parts.push(
    element(
      "ul",
      { class: "shares" },
      caches.map((stage) => {
        const served = total.callsServedByStage[stage] ?? 0;
        return shareRow(stageTitle(stage), total.calls > 0 ? served / total.calls : 0, `${count(served)} of ${callCount(total.calls)}`, stageClass(stage));
      }),
    ),
  );
  for (const { shadow, statistics } of summary.semanticCaches) {
    parts.push(element("h3", {}, "Answers of the semantic cache that would be wrong"));
    parts.push(shadow.compared > 0 ? interval(shadow) : element("p", { class: "hint" }, "Not measured yet: in shadow mode the cache compares what it would have answered with what the model says."));
    parts.push(
      element("p", { class: "note" }, `${count(statistics.entries)} questions kept, ${count(statistics.hits)} answers served, ${count(statistics.reportedWrong)} reported as wrong, by this process.`),
    );
  }
  replace(byId("caches"), parts);
}

function shareRow(title, share, note, className) {
  return element(
    "li",
    {},
    element("span", { class: "share-title" }, element("span", { class: `swatch ${className}` }), title),
    element("span", { class: "share-value number" }, percent(share, 1)),
    svg("svg", { class: "bar", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("rect", { class: "bar-back", width: 100, height: 4 }), svg("rect", { class: className, width: Math.min(100, share * 100), height: 4 })),
    element("span", { class: "share-note note" }, note),
  );
}

// An estimate with its confidence interval, on an axis from nothing to a round share.
function interval(shadow) {
  const { errorRate, lowerBound, upperBound, compared: trials, wrong } = shadow;
  const end = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].find((value) => value >= upperBound) ?? 1;
  const x = (value) => 10 + (value / end) * 280;
  const share = (value) => percent(value, upperBound < 0.1 ? 2 : 1);
  const text = `${share(errorRate)}, with 95 % confidence between ${share(lowerBound)} and ${share(upperBound)}: ${count(wrong)} of ${count(trials)} compared`;
  return element(
    "div",
    { class: "interval" },
    element("p", {}, element("strong", {}, share(errorRate)), element("span", {}, ` (95 %: ${share(lowerBound)} to ${share(upperBound)}), ${count(wrong)} of ${count(trials)} compared`)),
    svg(
      "svg",
      { viewBox: "0 0 300 40", role: "img", "aria-label": text },
      svg("line", { class: "axis", x1: 10, x2: 290, y1: 20, y2: 20 }),
      [0, 0.25, 0.5, 0.75, 1].map((part) => svg("line", { class: "axis", x1: x(part * end), x2: x(part * end), y1: 17, y2: 23 })),
      svg("text", { class: "tick", x: 10, y: 37, "text-anchor": "start" }, "0"),
      svg("text", { class: "tick", x: 290, y: 37, "text-anchor": "end" }, percent(end, 0)),
      svg("line", { class: "whisker", x1: x(lowerBound), x2: x(upperBound), y1: 20, y2: 20 }),
      svg("line", { class: "whisker-end", x1: x(lowerBound), x2: x(lowerBound), y1: 12, y2: 28 }),
      svg("line", { class: "whisker-end", x1: x(upperBound), x2: x(upperBound), y1: 12, y2: 28 }),
      svg("circle", { class: "estimate", cx: x(errorRate), cy: 20, r: 6 }),
    ),
  );
}

function showBudgets() {
  if (summary.budgets.length === 0) {
    replace(byId("budgets"), element("p", { class: "hint" }, "No budgets. One that bounds each tenant’s day: ", element("code", {}, 'o.Budgets.Add("tenant-day", 5m, BudgetWindow.Day, BudgetScope.Tenant)')));
    return;
  }
  const isExpanded = expanded.has("budgets");
  const shown = isExpanded ? summary.budgets : summary.budgets.slice(0, 6);
  replace(
    byId("budgets"),
    element("ul", { class: "budgets" }, shown.map(budgetRow)),
    summary.budgets.length > 6 &&
      element(
        "button",
        {
          type: "button",
          class: "button quiet more",
          "data-key": "more:budgets",
          "aria-expanded": isExpanded,
          onclick: () => {
            if (!expanded.delete("budgets")) {
              expanded.add("budgets");
            }
            showBudgets();
          },
        },
        isExpanded ? "Show fewer" : `Show all ${summary.budgets.length}`,
      ),
  );
}

function budgetRow(budget) {
  const write = amountsOf(budget);
  const share = (value) => (budget.limit > 0 ? Math.min(100, (value / budget.limit) * 100) : 100);
  const used = share(budget.spent + budget.reserved);
  const state = used >= 100 ? "over" : used >= 80 ? "near" : "fine";
  const whose = budget.group.replace(/^[^=]*=/, "");
  const stateText = { over: budget.isSoft ? "Passed" : "Used up", near: "Nearly used up", fine: null }[state];
  return element(
    "li",
    { class: state },
    element(
      "div",
      { class: "budget-head" },
      element("span", { class: "budget-name" }, name(budget.budget, 40), whose && element("span", { class: "note" }, " · ", name(whose, 40))),
      stateText && element("span", { class: `badge ${state}` }, stateText),
      element("span", { class: "number" }, `${write(budget.spent)} of ${write(budget.limit)}`),
    ),
    svg(
      "svg",
      {
        class: "bar tall",
        viewBox: "0 0 100 8",
        preserveAspectRatio: "none",
        role: "meter",
        "aria-label": `${shorten(budget.budget, 40)} ${shorten(whose || "all", 40)}`,
        "aria-valuemin": 0,
        "aria-valuemax": 100,
        "aria-valuenow": Math.round(used),
        "aria-valuetext": `${write(budget.spent)} spent and ${write(budget.reserved)} held of ${write(budget.limit)}`,
      },
      svg("rect", { class: "bar-back", width: 100, height: 8 }),
      svg("rect", { class: "budget-held", width: used, height: 8 }),
      svg("rect", { class: "budget-spent", width: share(budget.spent), height: 8 }),
    ),
    element("p", { class: "note" }, `${write(budget.remaining)} left${budget.reserved > 0 ? `, ${write(budget.reserved)} held by calls under way` : ""} · frees in ${until(budget.windowEnd)}`),
  );
}

function amountsOf(budget) {
  return budget.unit === "UsDollars" ? moneyColumn([budget.limit]) : (value) => `${compact(value)} ${budget.unit === "Tokens" ? "tokens" : "calls"}`;
}

function showTiers() {
  const all = summary.tiers.reduce((sum, tier) => sum + tier.calls, 0);
  if (all === 0) {
    replace(byId("tiers"), element("p", { class: "hint" }, "No calls were routed. With tiers, each call goes to the cheapest model that will do."));
    return;
  }
  let at = 0;
  const pieces = summary.tiers.map((tier, index) => {
    const width = (tier.calls / all) * 100;
    const piece = svg("rect", { class: `tier-${index % 6}`, x: at, width: Math.max(width - 0.4, 0.2), height: 12 });
    at += width;
    return piece;
  });
  replace(
    byId("tiers"),
    svg("svg", { class: "bar stacked", viewBox: "0 0 100 12", preserveAspectRatio: "none", "aria-hidden": "true" }, pieces),
    element(
      "ul",
      { class: "legend" },
      summary.tiers.map((tier, index) =>
        element(
          "li",
          {},
          element("span", { class: `swatch tier-${index % 6}` }),
          name(tier.name, 40),
          element("span", { class: "number" }, percent(tier.calls / all, 1)),
          element("span", { class: "note number" }, callCount(tier.calls)),
        ),
      ),
    ),
  );
}

function showCaps() {
  const caps = summary.outputCaps.filter((cap) => cap.answersCapped > 0 || cap.cap !== null);
  if (caps.length === 0) {
    replace(byId("caps"), element("p", { class: "hint" }, "No limits on answers have been learned. With ", element("code", {}, "OutputLimits.LearnCaps"), " they follow what answers need."));
    return;
  }
  replace(
    byId("caps"),
    element(
      "div",
      { class: "scroll" },
      table(
        element("table"),
        "Learned limits on answers",
        [
          { title: "Feature", isHeader: true, value: (cap) => name(cap.feature, 28) },
          { title: "Model", class: "text", value: (cap) => name(cap.model, 28) },
          { title: "Limit", value: (cap) => (cap.cap === null ? "–" : count(cap.cap)) },
          { title: "Cut", value: (cap) => `${count(cap.answersCut)} of ${count(cap.answersCapped)}` },
          { title: "Share", value: (cap) => percent(cap.shareCut, 1) },
        ],
        caps,
      ),
    ),
  );
}

function showDearest() {
  const write = moneyColumn(summary.dearest.map((call) => call.actualCost));
  if (summary.dearest.length === 0) {
    replace(byId("dearest"), element("caption", { class: "hint" }, "No single calls are kept of this span of time."));
    return;
  }
  table(
    byId("dearest"),
    "The calls that cost most",
    [
      { title: "Time", isHeader: true, class: "time", value: (call) => dateTime(call.startedAt) },
      { title: "Tenant", class: "text", value: (call) => name(call.tenant, 24) },
      { title: "Feature", class: "text", value: (call) => name(call.feature, 24) },
      ...(summary.showUsers ? [{ title: "User", class: "text", value: (call) => name(call.user, 24) }] : []),
      { title: "Model", class: "text", value: (call) => [name(call.model, 28), call.isUpkeep && element("span", { class: "badge quiet" }, "upkeep"), call.outcome !== "Completed" && element("span", { class: "badge near" }, call.outcome.toLowerCase())] },
      { title: "Input", value: (call) => compact(call.inputTokens) },
      { title: "Output", value: (call) => compact(call.outputTokens) },
      { title: "Duration", value: (call) => duration(call.durationMs) },
      { title: "Paid", value: (call) => write(call.actualCost) },
      { title: "Saved", value: (call) => (call.saving === null ? "–" : write(call.saving)) },
    ],
    summary.dearest,
  );
}

function showReasons() {
  byId("reasons-card").hidden = summary.passedBy.length === 0;
  replace(
    byId("reasons"),
    element(
      "ul",
      { class: "reasons" },
      summary.passedBy.map(({ stage, reason, calls }) =>
        element("li", {}, element("span", { class: `swatch ${stageClass(stage)}` }), element("span", {}, `${stageTitle(stage)}: `, name(reason.replaceAll("_", " "), 40)), element("span", { class: "number" }, count(calls))),
      ),
    ),
  );
}

function showFoot() {
  const books = summary.priceBooks.length > 0 ? `Price book of ${summary.priceBooks.join(", ")}. ` : "";
  byId("foot").textContent = `${books}Money in US dollars, at list prices or your own. Updated ${dateTime(new Date())}.`;
}
