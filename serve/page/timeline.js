// Probabilities over time: a panel for each face, a line for each expression. A click or a drag goes to that moment.

import { ofClass, ofFace } from "./colours.js";
import { element } from "./faces.js";

const panels = document.getElementById("panels");
const most = 12; // faces with a panel, those that are there longest

// Timeline shows frames, which are added as they come.
export class Timeline {
  constructor(go) {
    this.go = go;
    this.clear();
    new ResizeObserver(() => this.draw()).observe(panels);
  }

  clear() {
    this.tracks = new Map(); // number → [{time, probabilities}]
    this.from = this.to = this.now = 0;
    this.classes = [];
    panels.replaceChildren();
    document.getElementById("legend").replaceChildren();
    document.getElementById("over").hidden = true;
  }

  // add takes a frame; with keep, only so many seconds are kept.
  add(frame, keep = Infinity) {
    if (frame.time == null) return;
    for (const face of frame.faces) {
      if (face.id == null || !face.probabilities) continue;
      if (!this.tracks.has(face.id)) this.tracks.set(face.id, []);
      this.tracks.get(face.id).push({ time: frame.time, p: Object.values(face.probabilities) });
      if (!this.classes.length) this.legend(Object.keys(face.probabilities));
    }
    this.to = Math.max(this.to, frame.time);
    this.from = Math.max(this.from, this.to - keep);
    if (keep < Infinity) this.forget();
  }

  forget() {
    for (const [number, points] of this.tracks) {
      while (points.length && points[0].time < this.from) points.shift();
      if (!points.length) this.tracks.delete(number);
    }
  }

  legend(classes) {
    this.classes = classes;
    document.getElementById("over").hidden = false;
    document.getElementById("legend").replaceChildren(...classes.map((name, place) => {
      const item = element("li", { textContent: name });
      item.style.setProperty("--c", ofClass(name, place));
      return item;
    }));
  }

  // at moves the line of the present.
  at(time) {
    this.now = time;
    this.draw();
  }

  draw() {
    const shown = [...this.tracks].sort((a, b) => b[1].length - a[1].length).slice(0, most).sort((a, b) => a[0] - b[0]);
    const numbers = shown.map(([number]) => String(number));
    for (const panel of [...panels.children]) if (!numbers.includes(panel.dataset.number)) panel.remove();
    shown.forEach(([number, points], place) => {
      let panel = [...panels.children].find(p => p.dataset.number === String(number));
      if (!panel) panels.insertBefore(panel = this.panel(number), panels.children[place] ?? null);
      this.lines(panel.querySelector("canvas"), points);
    });
  }

  panel(number) {
    const chip = element("span", { className: "chip", textContent: number });
    chip.style.background = ofFace(number);
    const canvas = element("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Probabilities of face ${number} over time`);
    const seek = e => {
      const box = canvas.getBoundingClientRect();
      this.go(this.from + (this.to - this.from) * Math.min(1, Math.max(0, (e.clientX - box.left) / box.width)));
    };
    canvas.addEventListener("pointerdown", e => { canvas.setPointerCapture(e.pointerId); seek(e); });
    canvas.addEventListener("pointermove", e => e.buttons && seek(e));
    const panel = element("div", { className: "panel" }, chip, canvas);
    panel.dataset.number = number;
    return panel;
  }

  lines(canvas, points) {
    const ratio = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (!w || !h) return;
    [canvas.width, canvas.height] = [w, h];
    const c = canvas.getContext("2d"), span = Math.max(this.to - this.from, 1e-3);
    const top = Math.min(1, Math.ceil(4 * points.reduce((most, { p }) => Math.max(most, ...p), 0.1)) / 4); // a quarter, half, three or all
    const x = time => (time - this.from) / span * w, y = p => h - 3 - p / top * (h - 6);
    const gap = 1 + 5 * span / Math.max(points.length, 1); // seconds without the face, across which no line goes
    const every = Math.max(1, Math.floor(points.length / (2 * w)));
    c.lineWidth = 1.6 * ratio;
    c.lineJoin = "round";
    this.classes.forEach((name, i) => {
      c.strokeStyle = ofClass(name, i);
      c.beginPath();
      for (let j = 0, last = -Infinity; j < points.length; j += every) {
        const { time, p } = points[j];
        time - last > gap ? c.moveTo(x(time), y(p[i])) : c.lineTo(x(time), y(p[i]));
        last = time;
      }
      c.stroke();
    });
    c.strokeStyle = c.fillStyle = getComputedStyle(document.body).color;
    c.font = `${11 * ratio}px system-ui, "DejaVu Sans", sans-serif`;
    c.textBaseline = "top";
    c.fillText(`${100 * top} %`, 4 * ratio, 3 * ratio);
    c.lineWidth = ratio;
    c.beginPath();
    c.moveTo(x(this.now), 0);
    c.lineTo(x(this.now), h);
    c.stroke();
  }
}
