// Texts are set as text, never as markup: an answer cannot do more than be read.

const byId = (id) => document.getElementById(id);
const ideas = ["How do I activate my card?", "When will my new card arrive?", "My transfer is still pending. Why?", "I lost my phone. What now?", "Why was I charged a fee at the cash machine?"];
let conversation = [];
let running = null;

start();

async function start() {
  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    send(byId("question").value.trim());
  });
  byId("question").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      byId("ask").requestSubmit();
    }
  });
  byId("stop").addEventListener("click", () => running?.abort());
  byId("person").addEventListener("change", signIn);
  byId("ideas").append(
    ...ideas.map((idea) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = idea;
      button.addEventListener("click", () => send(idea));
      return button;
    }),
  );
  await Promise.all([signIn(), offerTraffic()]);
}

async function signIn() {
  running?.abort();
  conversation = [];
  byId("messages").replaceChildren();
  byId("ideas").hidden = false;
  const response = await post("api/session", { name: byId("person").value });
  byId("status").textContent = response.ok ? "" : "Signing in did not work.";
}

async function offerTraffic() {
  const button = byId("traffic");
  const response = await fetch("api/demo");
  if (!response.ok) {
    return;
  }
  const show = ({ isOn }) => {
    button.hidden = false;
    button.setAttribute("aria-pressed", String(isOn));
    button.textContent = isOn ? "Stop traffic" : "Make traffic";
  };
  show(await response.json());
  button.addEventListener("click", async () => {
    const changed = await post("api/demo", { isOn: button.getAttribute("aria-pressed") !== "true" });
    if (changed.ok) {
      show(await changed.json());
    }
  });
}

async function send(text) {
  if (!text || running) {
    return;
  }
  running = new AbortController();
  byId("question").value = "";
  byId("ideas").hidden = true;
  byId("send").hidden = true;
  byId("stop").hidden = false;
  byId("status").textContent = "";
  conversation.push({ text, isAnswer: false });
  add("question", text);
  const bubble = add("answer waiting", "");
  let answer = "";
  try {
    // A first question is likely one that many ask; what follows depends on the conversation.
    const path = conversation.length === 1 ? "api/faq" : "api/chat";
    const response = await post(path, { messages: conversation.slice(-31) }, running.signal);
    if (response.status === 429) {
      const seconds = Number(response.headers.get("Retry-After"));
      throw new Error(`The budget of this customer is used up. It frees in ${Math.ceil(seconds / 60)} minutes.`);
    }
    if (!response.ok) {
      throw new Error(`The server answered with ${response.status}.`);
    }
    for await (const piece of lines(response.body)) {
      bubble.classList.remove("waiting");
      if (piece.text) {
        answer += piece.text;
        bubble.firstChild.textContent = answer;
        bubble.scrollIntoView({ block: "end" });
      }
      if (piece.cost !== null && piece.cost !== undefined) {
        const price = document.createElement("small");
        price.textContent = `${piece.servedBy.replaceAll("_", " ")} · cost ${dollars(piece.cost)} · saved ${dollars(piece.saving ?? 0)}`;
        bubble.append(price);
      }
    }
    conversation.push({ text: answer, isAnswer: true });
  } catch (error) {
    conversation.pop();
    bubble.remove();
    byId("status").textContent = error.name === "AbortError" ? "Stopped." : error.message;
  } finally {
    running = null;
    byId("send").hidden = false;
    byId("stop").hidden = true;
    byId("question").focus();
  }
}

function add(className, text) {
  const item = document.createElement("li");
  item.className = className;
  const paragraph = document.createElement("p");
  paragraph.textContent = text;
  item.append(paragraph);
  byId("messages").append(item);
  item.scrollIntoView({ block: "end" });
  return item;
}

async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) {
      return;
    }
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    for (const part of parts) {
      yield JSON.parse(part);
    }
  }
}

function post(path, body, signal) {
  return fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });
}

const dollars = (value) => `$${Number(value).toFixed(6)}`;
