// What is shown is in the address, so that it can be sent to someone and the back button works.

const ranges = ["1h", "24h", "7d", "30d", "custom"];

export function readView() {
  const parameters = new URLSearchParams(location.search);
  const get = (key) => parameters.get(key) ?? "";
  let range = ranges.includes(get("range")) ? get("range") : "24h";
  if (range === "custom" && !(new Date(get("from")) < new Date(get("to")))) {
    range = "24h";
  }
  const isCustom = range === "custom";
  return { range, from: isCustom ? get("from") : "", to: isCustom ? get("to") : "", tenant: get("tenant"), feature: get("feature"), model: get("model") };
}

export function writeView(view) {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(view)) {
    if (value && !(key === "range" && value === "24h")) {
      parameters.set(key, value);
    }
  }
  const search = parameters.toString();
  history.pushState(null, "", search ? `?${search}` : location.pathname);
}
