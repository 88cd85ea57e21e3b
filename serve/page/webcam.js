// The webcam: one frame is under way at a time, and the next is the newest that there is. What comes between is counted as dropped, so the
// picture never lags behind.

import { predict } from "./api.js";

const longest = 640; // pixels of a frame that is sent
const memory = 1;    // seconds for which a face keeps its number while it is not found

export class Webcam {
  // show is called with the bitmap that was analysed and its frame; tell with frames a second and how many were dropped.
  constructor(show, tell) {
    Object.assign(this, { show, tell, stream: null });
  }

  async start() {
    this.stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: longest } }, audio: false });
    this.video = Object.assign(document.createElement("video"), { muted: true, playsInline: true, srcObject: this.stream });
    await this.video.play();
    Object.assign(this, { paused: false, began: performance.now(), seen: 0, analysed: 0, known: [], next: 1, rate: 0 });
    this.count();
    return this.run();
  }

  // count counts the frames that the camera has delivered.
  count() {
    this.video.requestVideoFrameCallback?.((_, { presentedFrames }) => {
      this.seen = presentedFrames;
      if (this.stream) this.count();
    });
  }

  pause() {
    this.paused = !this.paused;
    return this.paused;
  }

  stop() {
    this.stream?.getTracks().forEach(track => track.stop());
    this.stream = null;
  }

  async run() {
    for (let last = performance.now(); this.stream;) {
      if (this.paused) {
        await new Promise(resolve => setTimeout(resolve, 100));
        last = performance.now();
        continue;
      }
      const skippedBefore = this.seen;
      const { bitmap, blob, time } = await this.grab();
      const answer = await this.ask(blob);
      if (!this.stream) return;
      if (!answer) continue;
      const frame = { ...answer.frames[0], index: this.analysed++, time };
      this.number(frame);
      const now = performance.now();
      this.rate = 0.8 * this.rate + 0.2 * 1000 / (now - last);
      last = now;
      this.dropped = (this.dropped ?? 0) + Math.max(0, this.seen - skippedBefore - 1);
      this.show(bitmap, frame, blob);
      this.tell(this.rate, this.dropped);
    }
  }

  // grab takes the newest frame.
  async grab() {
    const shrink = Math.min(1, longest / Math.max(this.video.videoWidth, this.video.videoHeight));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.round(this.video.videoWidth * shrink), Math.round(this.video.videoHeight * shrink)];
    canvas.getContext("2d").drawImage(this.video, 0, 0, canvas.width, canvas.height);
    const time = (performance.now() - this.began) / 1000;
    const blob = await new Promise(resolve => canvas.toBlob(resolve, "image/jpeg", 0.9));
    return { bitmap: canvas, blob, time };
  }

  // ask waits where the server is busy, as it says.
  async ask(blob) {
    try {
      return await predict(blob, "webcam.jpg", { max_faces: 10 });
    } catch (e) {
      if (!e.after) throw e;
      await new Promise(resolve => setTimeout(resolve, 1000 * e.after));
      return null;
    }
  }

  // number gives faces the number of the nearest one that was there a moment ago: pictures know nothing of each other.
  number(frame) {
    const free = this.known.filter(k => frame.time - k.time < memory);
    for (const face of frame.faces) {
      const { x, y, width, height } = face.box, at = [x + width / 2, y + height / 2];
      let best = -1, least = width;
      free.forEach((k, i) => {
        const away = Math.hypot(k.at[0] - at[0], k.at[1] - at[1]);
        if (away < least) [best, least] = [i, away];
      });
      const known = best >= 0 ? free.splice(best, 1)[0] : { id: this.next++ };
      face.id = known.id;
      Object.assign(known, { at, time: frame.time });
      if (!this.known.includes(known)) this.known.push(known);
    }
    this.known = this.known.filter(k => frame.time - k.time < memory);
  }
}
