// Elements are made, never parsed: whatever a name holds, it ends up as text.

const svgNamespace = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(svgNamespace, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || (value === false && !name.startsWith("aria-"))) {
      continue;
    }
    if (name.startsWith("on")) {
      node.addEventListener(name.slice(2), value);
    } else {
      node.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : String(value));
    }
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// A name of whatever length and direction of writing, cut where it is long; the whole is its title.
export function name(text, longest = 48) {
  const shown = shorten(text, longest);
  return element("bdi", { class: "name", title: shown === text ? null : text }, shown);
}

export function shorten(text, longest) {
  if (text === null || text === undefined || text === "") {
    return "(none)";
  }
  if (text.length <= longest) {
    return text;
  }
  // By code points, so that no emoji is cut in half.
  const points = Array.from(text.slice(0, longest * 2 + 2));
  return points.length <= longest && points.join("").length === text.length ? text : points.slice(0, longest - 1).join("") + "…";
}

// Puts new content into a place, and the focus back to where it was.
export function replace(place, ...children) {
  const focused = document.activeElement;
  const key = focused && place.contains(focused) ? focused.dataset.key : null;
  place.replaceChildren(...children.flat().filter(Boolean));
  if (key) {
    for (const candidate of place.querySelectorAll("[data-key]")) {
      if (candidate.dataset.key === key) {
        candidate.focus({ preventScroll: true });
        break;
      }
    }
  }
}

export function table(place, caption, columns, rows) {
  const cell = (column, row) => {
    const content = column.value(row);
    return column.isHeader
      ? element("th", { scope: "row", class: column.class }, content)
      : element("td", { class: column.class ?? "number" }, content);
  };
  replace(
    place,
    element("caption", { class: "hidden" }, caption),
    element("thead", {}, element("tr", {}, columns.map((column) => element("th", { scope: "col", class: column.isHeader ? column.class : column.class ?? "number" }, column.title)))),
    element("tbody", {}, rows.map((row) => element("tr", row.attributes ?? {}, columns.map((column) => cell(column, row))))),
  );
  return place;
}
