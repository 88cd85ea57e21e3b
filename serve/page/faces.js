// The list of faces: a numbered chip in the face's colour, the likeliest expression, a bar for each, and on demand what the model looks at.

import { ofClass, ofExpert, ofFace } from "./colours.js";
import { numberOf, percent } from "./overlay.js";

const list = document.getElementById("faces");

// element makes one with properties and children.
export function element(tag, properties = {}, ...children) {
  const e = Object.assign(document.createElement(tag), properties);
  e.append(...children);
  return e;
}

// list shows the faces of a frame. tracks are the summaries of faces by number; explain is called with a face and its card.
export function listFaces(frame, tracks, explain) {
  const faces = frame?.faces ?? [];
  document.getElementById("count").textContent = faces.length === 1 ? "1 face" : `${faces.length || "No"} faces`;
  document.getElementById("none").hidden = faces.length > 0;
  faces.forEach((face, place) => {
    const number = numberOf(face, place), old = list.children[place];
    const card = old?.dataset.number === String(number) ? old : newCard(number, face, explain);
    if (card !== old) old ? old.replaceWith(card) : list.append(card);
    fill(card, face, tracks?.get(number));
  });
  while (list.children.length > faces.length) list.lastChild.remove();
}

function newCard(number, face, explain) {
  const chip = element("span", { className: "chip", textContent: number });
  const card = element("li", { className: "face" },
    element("h3", {}, chip, element("span", { className: "label" }), element("span", { className: "p" })),
    element("dl", { className: "bars" }), element("p", { className: "said", hidden: true }));
  card.dataset.number = number;
  card.style.borderLeftColor = chip.style.background = ofFace(number);
  if (explain) {
    const button = element("button", { type: "button", textContent: "What does the model look at?" });
    button.setAttribute("aria-label", `What does the model look at in face ${number}?`);
    button.addEventListener("click", () => explain(card.face, card));
    card.append(button);
  }
  return card;
}

function fill(card, face, track) {
  if (card.face !== face) card.querySelector(".why")?.remove(); // it is of another frame
  card.face = face;
  card.querySelector(".label").textContent = face.label ?? "not read yet";
  card.querySelector(".p").textContent = percent(face.probability);
  const bars = card.querySelector(".bars"), classes = Object.entries(face.probabilities ?? {});
  if (bars.dataset.classes !== String(classes.map(([name]) => name))) {
    bars.dataset.classes = classes.map(([name]) => name);
    bars.replaceChildren(...classes.flatMap(([name], place) => {
      const bar = element("div");
      bar.style.background = ofClass(name, place);
      return [element("dt", { textContent: name }), element("dd", {}, element("div", { className: "bar" }, bar)), element("dd")];
    }));
  }
  const rows = bars.querySelectorAll("dd");
  classes.forEach(([, p], i) => {
    rows[2 * i].firstChild.firstChild.style.width = `${100 * p}%`;
    rows[2 * i + 1].textContent = (100 * p).toFixed(0);
  });
  const said = card.querySelector(".said");
  said.hidden = !track;
  if (track) said.textContent = `in ${track.frames} frames: ${track.label ?? "–"} ${percent(track.probability)}`;
}

// explained adds to a card how tokens are routed: a square for each patch, in the colours of its experts.
export function explained(card, e) {
  card.querySelector(".why")?.remove();
  const why = element("div", { className: "why" }, element("p", { textContent: "Attention of the last block lies over the face: the yellower, the more of it." }));
  if (e.routes) {
    const maps = e.routes.map((route, i) => element("div", {}, element("span", {}, `block ${e.blocks[i]}`, routing(route, e))));
    const experts = Array.from({ length: e.experts }, (_, n) => {
      const item = element("li", { textContent: `expert ${n}` });
      item.style.setProperty("--c", ofExpert(n, e.experts));
      return item;
    });
    why.append(element("p", { textContent: `Each patch goes to ${e.top_k} of ${e.experts} experts; the surer has the upper part:` }),
      element("div", {}, ...maps), element("ul", {}, ...experts));
  }
  card.append(why);
}

function routing(route, { rows, experts, top_k }) {
  const size = 24, canvas = element("canvas", { width: rows * size, height: rows * size });
  const c = canvas.getContext("2d");
  route.forEach((expert, i) => {
    const patch = Math.floor(i / top_k), choice = i % top_k;
    c.fillStyle = ofExpert(expert, experts);
    const top = Math.round(size * choice / top_k);
    c.fillRect(patch % rows * size, Math.floor(patch / rows) * size + top, size - 1, Math.ceil(size / top_k) - (choice === top_k - 1 ? 1 : 0));
  });
  return canvas;
}
