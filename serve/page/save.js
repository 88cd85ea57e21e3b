// Files for the person: results as CSV and JSON, and the picture.

import { numberOf } from "./overlay.js";

export function download(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// csv has the columns of the server's: a row a face and frame, and one for a frame without a face.
export function csv(source, frames) {
  const classes = Object.keys(frames.flatMap(f => f.faces).find(f => f.probabilities)?.probabilities ?? {});
  const rows = [["source", "frame", "time", "face", "status", "x", "y", "width", "height", "score", "label", "probability", ...classes.map(c => "p_" + c)]];
  for (const f of frames) {
    for (const [place, face] of (f.faces.length ? f.faces : [null]).entries()) {
      const row = [source, f.index, f.time, face && numberOf(face, place), f.status];
      if (face) {
        const { box, score, label, probability, probabilities } = face;
        row.push(box.x, box.y, box.width, box.height, score, label, probability, ...classes.map(c => probabilities?.[c]));
      }
      rows.push(rows[0].map((_, i) => cell(row[i])));
    }
  }
  return new Blob([rows.map(r => r.join(",") + "\n").join("")], { type: "text/csv" });
}

const cell = v => /[",\n\r]/.test(v ?? "") ? `"${v.replaceAll('"', '""')}"` : String(v ?? "");

export const json = value => new Blob([JSON.stringify(value, null, 1)], { type: "application/json" });
