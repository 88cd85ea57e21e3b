// The server's answers. Whoever must have a token is asked for it once.

let token = sessionStorage.getItem("token") || "";

// ask sends a request and returns the response, or throws what the server says is wrong.
export async function ask(path, options = {}) {
  const response = await fetch(path, { ...options, headers: { ...options.headers, ...(token && { Authorization: "Bearer " + token }) } });
  if (response.status === 401 && await askToken()) return ask(path, options);
  if (!response.ok) throw await problem(response);
  return response;
}

async function problem(response) {
  const { error } = await response.json().catch(() => ({}));
  const e = new Error(error?.message || `the server answers ${response.status}`);
  e.code = error?.code;
  e.after = Number(response.headers.get("Retry-After")) || 0;
  return e;
}

function askToken() {
  const dialog = document.getElementById("ask"), input = document.getElementById("token");
  dialog.showModal();
  return new Promise(resolve => dialog.addEventListener("close", () => {
    token = input.value.trim();
    input.value = "";
    sessionStorage.setItem("token", token);
    resolve(token !== "");
  }, { once: true }));
}

// form makes a request of a file: the name goes with it, and comes back in the results.
function form(blob, name) {
  const body = new FormData();
  body.append("file", blob, name);
  return { method: "POST", body };
}

export async function predict(blob, name, parameters = {}, signal) {
  const response = await ask("v1/predict?" + new URLSearchParams(parameters), { ...form(blob, name), signal });
  return response.json();
}

export async function begin(blob, name, parameters = {}) {
  const response = await ask("v1/jobs?" + new URLSearchParams(parameters), form(blob, name));
  return response.json();
}

// events calls hear(name, data) for each event of a job, to its end. A connection that breaks is made again.
export async function events(id, hear, signal) {
  for (let last = "", tries = 0; ;) {
    try {
      const headers = last ? { "Last-Event-ID": last } : {};
      const response = await ask(`v1/jobs/${id}/events`, { headers, signal });
      let waiting = []; // until the id from which the server would go on
      for await (const event of parsed(response.body)) {
        waiting.push(event);
        if (!event.id) continue;
        for (const e of waiting) hear(e.name, e.data);
        [last, tries, waiting] = [event.id, 0, []];
        if (event.name === "end") return;
      }
    } catch (e) {
      if (signal?.aborted || e.code || ++tries > 5) throw e;
      await new Promise(resolve => setTimeout(resolve, 500 * tries));
    }
  }
}

// parsed yields the server-sent events of a stream.
async function* parsed(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (text + value).split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const event = {};
      for (const line of block.split("\n")) {
        const at = line.indexOf(": ");
        event[line.slice(0, at)] = line.slice(at + 2);
      }
      yield { name: event.event, id: event.id, data: JSON.parse(event.data) };
    }
  }
}
