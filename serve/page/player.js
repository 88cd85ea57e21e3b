// A video of which the server has analysed each frame and kept a small picture: what is drawn is drawn on that very frame, and the browser
// need not be able to play the file.

import { ask } from "./api.js";

const scrub = document.getElementById("scrub"), clock = document.getElementById("clock"), button = document.getElementById("play");
const kept = 48; // pictures

export class Player {
  // show is called with the bitmap and the frame that is to be seen.
  constructor(show) {
    this.show = show;
    this.clear();
    scrub.addEventListener("input", () => { this.pause(); this.go(Number(scrub.value)); });
    button.addEventListener("click", () => this.playing ? this.pause() : this.play());
  }

  clear() {
    this.pause();
    this.job = null;
    this.frames = [];
    this.at = -1;
    this.wanted = -1;
    this.pictures = new Map(); // place of the frame → promise of a bitmap
    document.getElementById("player").hidden = true;
  }

  add(frame) {
    this.frames.push(frame);
    document.getElementById("player").hidden = this.frames.length < 2;
    scrub.max = this.frames.length - 1;
    if (this.at < 0) this.go(0);
  }

  get frame() { return this.frames[this.at]; }

  // go shows the n-th frame. While it loads, only the newest wish counts.
  async go(n) {
    this.wanted = n = Math.max(0, Math.min(n, this.frames.length - 1));
    const job = this.job;
    const bitmap = await this.picture(n);
    if (this.wanted !== n || this.job !== job) return;
    this.at = n;
    scrub.value = n;
    const time = this.frames[n].time;
    clock.textContent = time == null ? `frame ${n}` : `${time.toFixed(2)} s`;
    scrub.setAttribute("aria-valuetext", clock.textContent);
    if (bitmap) this.show(bitmap, this.frames[n]);
  }

  // goTo shows the frame of a moment: the last that had begun by then.
  goTo(time) {
    this.pause();
    return this.go(this.placeAt(time));
  }

  placeAt(time) {
    let [low, high] = [0, this.frames.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      this.frames[middle].time <= time ? low = middle : high = middle - 1;
    }
    return low;
  }

  // picture returns the bitmap of the n-th frame, null where there is none: the frame is damaged, or the video too long to keep all.
  picture(n) {
    if (!this.pictures.has(n)) {
      this.pictures.set(n, ask(`v1/jobs/${this.job}/frames/${this.frames[n].index}`).then(r => r.blob()).then(createImageBitmap).catch(() => null));
      if (this.pictures.size > kept) {
        const [oldest] = this.pictures.keys();
        this.pictures.get(oldest).then(b => b?.close());
        this.pictures.delete(oldest);
      }
    }
    return this.pictures.get(n);
  }

  async play() {
    this.playing = true;
    button.textContent = "Pause";
    button.setAttribute("aria-pressed", "true");
    if (this.at >= this.frames.length - 1) await this.go(0);
    const [from, began] = [this.frame?.time ?? 0, performance.now()];
    while (this.playing && this.at < this.frames.length - 1) {
      const due = this.placeAt(from + (performance.now() - began) / 1000);
      if (due > this.at) await this.go(due);
      for (let n = this.at + 1; n < Math.min(this.at + 6, this.frames.length); n++) this.picture(n);
      await new Promise(requestAnimationFrame);
    }
    this.pause();
  }

  pause() {
    this.playing = false;
    button.textContent = "Play";
    button.setAttribute("aria-pressed", "false");
  }
}
