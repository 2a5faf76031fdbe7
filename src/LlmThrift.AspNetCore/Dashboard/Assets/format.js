// Numbers and times, written the way the reader's browser writes them. Money is in US dollars.

const formats = new Map();

function numbers(key, options) {
  if (!formats.has(key)) {
    formats.set(key, new Intl.NumberFormat(undefined, options));
  }
  return formats.get(key);
}

function dollars(digits) {
  return numbers(`usd${digits}`, {
    style: "currency",
    currency: "USD",
    currencyDisplay: "narrowSymbol",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

// How many decimals tell sums of this size apart.
function digitsFor(largest) {
  const size = Math.abs(largest);
  if (size >= 10 || size === 0) {
    return 2;
  }
  if (size >= 1) {
    return 3;
  }
  return Math.min(8, 3 - Math.floor(Math.log10(size) + 1e-9));
}

// A single sum: two decimals, more where it is small.
export function money(value) {
  if (value === null || value === undefined) {
    return "unknown";
  }
  return dollars(Math.abs(value) >= 1 || value === 0 ? 2 : Math.min(8, 1 - Math.floor(Math.log10(Math.abs(value)) + 1e-9) + 1)).format(value);
}

// A column of sums: all with the same decimals, so that the points stand under each other. What would be all zeros is said to be less than the last decimal.
export function moneyColumn(values) {
  const digits = digitsFor(values.reduce((largest, value) => Math.max(largest, Math.abs(value ?? 0)), 0));
  const least = 10 ** -digits;
  return (value) => {
    if (value === null || value === undefined) {
      return "unknown";
    }
    if (value !== 0 && Math.abs(value) < least / 2) {
      return `${value < 0 ? ">−" : "<"}${dollars(digits).format(least)}`;
    }
    return dollars(digits).format(value).replace("-", "−");
  };
}

// The numbers at an axis, as exact as the distance between them asks for.
export const moneyTick = (value, step) => dollars(step >= 1 ? 0 : Math.max(2, Math.ceil(-Math.log10(step) - 1e-9))).format(value).replace("-", "−");

export const count = (value) => numbers("count", { maximumFractionDigits: 0 }).format(value);
export const callCount = (value) => `${count(value)} ${value === 1 ? "call" : "calls"}`;

export const compact = (value) => (Math.abs(value) < 10000 ? count(value) : numbers("compact", { notation: "compact", maximumFractionDigits: 1 }).format(value));

export function percent(share, digits) {
  const places = digits ?? (share !== 0 && Math.abs(share) < 0.1 ? 1 : 0);
  return numbers(`percent${places}`, { style: "percent", minimumFractionDigits: places, maximumFractionDigits: places }).format(share).replace("-", "−");
}

export function duration(milliseconds) {
  if (milliseconds < 1000) {
    return `${count(milliseconds)} ms`;
  }
  return `${numbers("seconds", { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(milliseconds / 1000)} s`;
}

export function until(time, now = new Date()) {
  const minutes = Math.max(0, Math.round((new Date(time) - now) / 60000));
  if (minutes < 60) {
    return `${minutes} min`;
  }
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}

export function times(options) {
  const key = JSON.stringify(options);
  if (!formats.has(key)) {
    formats.set(key, new Intl.DateTimeFormat(undefined, options));
  }
  return formats.get(key);
}

export const dateTime = (time) => times({ month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(time));
export const clock = (time) => times({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(time));
export const dayOf = (time) => times({ weekday: "short", day: "numeric" }).format(new Date(time));
export const dateOf = (time) => times({ month: "short", day: "numeric" }).format(new Date(time));
export const monthOf = (time) => times({ month: "short", year: "numeric" }).format(new Date(time));

// An interval as one reads it: on one day, the day once.
export function span(start, seconds) {
  const from = new Date(start);
  const to = new Date(from.getTime() + seconds * 1000);
  return seconds >= 86400 ? `${dateOf(from)} – ${dateOf(new Date(to - 1))}` : `${dateTime(from)} – ${clock(to)}`;
}
